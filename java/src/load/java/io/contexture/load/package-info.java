/**
 * The load test: an HTTP server whose every request goes through futures, timers, generators and
 * parallel streams, and clients that check every byte that comes back; at the end nothing may have
 * grown. Run it with {@code mvn -q -Pload}.
 */
@NullMarked
package io.contexture.load;

import org.jspecify.annotations.NullMarked;
