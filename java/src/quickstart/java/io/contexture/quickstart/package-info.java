/**
 * A small real program to start from: an HTTP server on virtual threads whose requests carry a
 * context, many clients that check every byte that comes back, and a table of what a look-up costs.
 *
 * <p>Read {@link io.contexture.quickstart.DigitServer} first. Run it all with {@code mvn -q
 * -Pquickstart}.
 */
@NullMarked
package io.contexture.quickstart;

import org.jspecify.annotations.NullMarked;
