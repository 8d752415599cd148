package io.contexture.internal.load;

import io.contexture.Await;
import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;

/**
 * A variable dies after the class loader of its application has been closed, as containers do, and
 * before that can be collected.
 */
public final class ClosedLoaderMain {
  private ClosedLoaderMain() {}

  /** Takes the directory of the library's classes. */
  public static void main(String[] args) throws Exception {
    URL[] classes = {Path.of(args[0]).toUri().toURL()};
    URLClassLoader application = new URLClassLoader(classes, ClassLoader.getPlatformClassLoader());
    Object[] variable = {setVariable(application)};
    Await.until("the reaper's daemon serves", ClosedLoaderMain::isDaemonWaiting);
    application.close();
    WeakReference<Object> value = new WeakReference<>(valueOf(variable[0]));
    variable[0] = null;
    Await.collected("value", value);
    System.out.println("purged=true");
    Reference.reachabilityFence(application);
    WeakReference<ClassLoader> gone = new WeakReference<>(application);
    application = null;
    Await.collected("loader", gone);
    System.out.println("undeployed=true");
  }

  private static boolean isDaemonWaiting() {
    return Thread.getAllStackTraces().keySet().stream()
        .anyMatch(
            each ->
                each.getName().equals("contexture-reaper")
                    && each.getState() == Thread.State.TIMED_WAITING);
  }

  private static Object setVariable(ClassLoader loader) throws ReflectiveOperationException {
    Class<?> longs = loader.loadClass("io.contexture.LongContextVar");
    Object inBase = longs.getMethod("of", String.class).invoke(null, "w");
    longs.getMethod("setGlobal", long.class).invoke(inBase, 17);
    Class<?> type = loader.loadClass("io.contexture.ContextVar");
    Object variable = type.getMethod("of", String.class).invoke(null, "v");
    type.getMethod("set", Object.class).invoke(variable, new Object());
    return variable;
  }

  private static Object valueOf(Object variable) throws ReflectiveOperationException {
    return variable.getClass().getMethod("get").invoke(variable);
  }
}
