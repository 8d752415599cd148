/**
 * Stress tests of every publication point with jcstress, each beside a broken twin in which it must
 * find the fault. {@link io.contexture.stress.StressMain} runs them.
 */
@NullMarked
package io.contexture.stress;

import org.jspecify.annotations.NullMarked;
