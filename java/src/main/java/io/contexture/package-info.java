/**
 * Context-local state that stays right when execution is out of order.
 *
 * <ul>
 *   <li>{@link io.contexture.ContextVar} and {@link io.contexture.LongContextVar}: variables.
 *   <li>{@link io.contexture.LogicalContext}: a mapping of variables to values that code can be run
 *       in.
 *   <li>{@link io.contexture.ExecutionContext}: an immutable snapshot of a thread's whole stack of
 *       logical contexts, to run code in later or elsewhere.
 *   <li>{@link io.contexture.Generator}: code that yields values and keeps its own logical context.
 *   <li>{@link io.contexture.ContextExecutors}, {@link io.contexture.ContextForkJoinPool}, {@link
 *       io.contexture.ContextRecursiveTask}, {@link io.contexture.ContextStreams}: tasks and
 *       threads that run in a context.
 *   <li>{@link io.contexture.ContextFuture}, {@link io.contexture.ContextFlow}: stages and
 *       subscribers that run in the context in which they were attached.
 *   <li>{@link io.contexture.ContextIterator}: an iterator that keeps its own logical context.
 *   <li>{@link io.contexture.ContextTask}: a task that runs in steps and keeps its own logical
 *       context.
 *   <li>{@link io.contexture.Backend}, {@link io.contexture.Contexture}: what runs, and why.
 * </ul>
 *
 * <p>Unless noted otherwise, {@code null} arguments are refused with a {@link
 * java.lang.NullPointerException} that names the parameter, before anything changes.
 */
@NullMarked
package io.contexture;

import org.jspecify.annotations.NullMarked;
