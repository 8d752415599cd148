/**
 * Measurements, one class per question; {@link io.contexture.bench.tool.Main} runs them on each
 * backend and reports.
 */
package io.contexture.bench;
