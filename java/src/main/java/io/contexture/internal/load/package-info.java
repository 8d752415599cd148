/**
 * Finds, verifies and loads {@code libcontexture}, or says in one sentence why it can't be used.
 *
 * <p>{@link io.contexture.internal.load.NativeLibrary} has the order of the search and of the
 * checks.
 */
@NullMarked
package io.contexture.internal.load;

import org.jspecify.annotations.NullMarked;
