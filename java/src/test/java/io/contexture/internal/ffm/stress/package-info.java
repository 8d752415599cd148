/**
 * The lifetime stress: shows that native memory is freed when, and only when, nothing can read it
 * any more. {@link io.contexture.internal.ffm.stress.LifetimeStress} is the command.
 */
@NullMarked
package io.contexture.internal.ffm.stress;

import org.jspecify.annotations.NullMarked;
