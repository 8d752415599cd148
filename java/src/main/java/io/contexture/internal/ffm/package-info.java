/**
 * The native backend: downcalls into {@code libcontexture}, and the memory that its maps live in.
 * Usable only after {@link io.contexture.internal.load.NativeLibrary#load} has succeeded.
 */
@NullMarked
package io.contexture.internal.ffm;

import org.jspecify.annotations.NullMarked;
