/**
 * The backend that runs everywhere: everything that {@code native/src} does, in Java, with equal
 * results. {@link io.contexture.internal.mirror.Hamt} is the twin of {@code hamt.c}. Not exported.
 */
@NullMarked
package io.contexture.internal.mirror;

import org.jspecify.annotations.NullMarked;
