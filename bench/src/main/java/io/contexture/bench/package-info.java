/**
 * Measurements, one class per question; {@link io.contexture.bench.Main} runs them on each backend
 * and {@link io.contexture.bench.Report} writes down what they say about the goals.
 */
package io.contexture.bench;
