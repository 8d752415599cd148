/*
 * context.h - the objects of the upper layer. context.c opens with how they hang together.
 */
#ifndef CX_CONTEXT_H
#define CX_CONTEXT_H

#include "contexture.h"
#include "handle.h"

/* Frees what a handle named. Called once, when nobody uses it any more. */
void context_destroy(enum handle_kind kind, void *object);

#endif
