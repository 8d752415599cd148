/**
 * The tool around the benchmarks: runs the suite, keeps what was measured, and makes reports of it.
 */
package io.contexture.bench.tool;
