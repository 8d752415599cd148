/**
 * The persistent map below the contexts, usable alone: {@link io.contexture.hamt.LongHamt}, an
 * immutable hash array mapped trie from 64-bit keys to 64-bit values, on either backend.
 */
@NullMarked
package io.contexture.hamt;

import org.jspecify.annotations.NullMarked;
