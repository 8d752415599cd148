package io.contexture;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.lang.reflect.Method;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;

/**
 * Runs each test of a class on a new thread of the given kind, so that it begins with an empty
 * stack and leaves none behind.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(RunsOn.Interceptor.class)
public @interface RunsOn {
  /** The kind of thread. */
  ThreadKind value();

  /** Moves the invocation of a test method to a new thread. */
  final class Interceptor implements InvocationInterceptor {
    @Override
    public void interceptTestMethod(
        Invocation<Void> invocation,
        ReflectiveInvocationContext<Method> method,
        ExtensionContext context)
        throws Exception {
      RunsOn runsOn = context.getRequiredTestClass().getAnnotation(RunsOn.class);
      runsOn.value().run(invocation::proceed);
    }

    @Override
    public void interceptTestTemplateMethod(
        Invocation<Void> invocation,
        ReflectiveInvocationContext<Method> method,
        ExtensionContext context)
        throws Exception {
      interceptTestMethod(invocation, method, context);
    }
  }
}
