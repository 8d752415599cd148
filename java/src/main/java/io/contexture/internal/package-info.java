/**
 * The engine below the public API: thread states, logical contexts, chains, and the parts that both
 * backends share. Not exported.
 *
 * <p>One lookup, from the top: {@code ContextVar.get} &rarr; {@link
 * io.contexture.internal.ThreadStates#current} &rarr; {@link
 * io.contexture.internal.ThreadState#cached} &rarr; (miss) {@link
 * io.contexture.internal.ThreadState#find} &rarr; {@link io.contexture.internal.EcLink} &rarr;
 * {@link io.contexture.internal.Root}.
 */
@NullMarked
package io.contexture.internal;

import org.jspecify.annotations.NullMarked;
