package io.contexture.internal.load;

import io.contexture.Await;
import java.io.IOException;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/**
 * Two applications in one process, as a container would run them: each has the library in a class
 * loader of its own, both use it, then one is undeployed while the other goes on.
 */
public final class TwoLoadersMain {
  private static final long MAX_SECONDS = 2 * Await.LIMIT_SECONDS;

  private TwoLoadersMain() {}

  /** Takes the directory of the library's classes. */
  public static void main(String[] args) throws Exception {
    URL[] classes = {Path.of(args[0]).toUri().toURL()};
    ReferenceQueue<ClassLoader> gone = new ReferenceQueue<>();
    URLClassLoader first = new URLClassLoader(classes, ClassLoader.getPlatformClassLoader());
    URLClassLoader second = new URLClassLoader(classes, ClassLoader.getPlatformClassLoader());
    use(first);
    use(second);
    use(first);
    System.out.println("mapped=" + mappedLibraries());

    Reference<ClassLoader> undeployed = new WeakReference<>(first, gone);
    first.close();
    first = null;
    System.out.println("freed=" + await(() -> gone.poll() == undeployed));
    System.out.println("unmapped=" + await(() -> mappedLibraries() == 1));
    use(second);
    System.out.println("still=works");
  }

  /** What an application does, on this thread and on another. */
  private static void use(ClassLoader loader) throws Exception {
    Class<?> contexture = loader.loadClass("io.contexture.Contexture");
    System.out.println("backend=" + contexture.getMethod("backend").invoke(null));
    setAndGet(loader);
    Throwable[] thrown = new Throwable[1];
    Thread thread =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    setAndGet(loader);
                  } catch (ReflectiveOperationException | RuntimeException e) {
                    thrown[0] = e;
                  }
                });
    thread.join();
    if (thrown[0] != null) {
      throw new AssertionError(thrown[0]);
    }
    Class<?> hamt = loader.loadClass("io.contexture.hamt.LongHamt");
    Object map = hamt.getMethod("empty").invoke(null);
    for (long key = 0; key < 1000; key++) {
      map = hamt.getMethod("put", long.class, long.class).invoke(map, key, key + 1);
    }
    check(hamt.getMethod("get", long.class, long.class).invoke(map, 999L, 0L).equals(1000L));
  }

  private static void setAndGet(ClassLoader loader) throws ReflectiveOperationException {
    Class<?> type = loader.loadClass("io.contexture.ContextVar");
    Object variable = type.getMethod("of", String.class).invoke(null, "v");
    // A value of a class of that loader: were it kept, the loader would be.
    type.getMethod("set", Object.class).invoke(variable, variable);
    check(type.getMethod("get").invoke(variable) == variable);
  }

  private static void check(boolean condition) {
    if (!condition) {
      throw new AssertionError("wrong value");
    }
  }

  /** How many different files of our name this process maps; each was unlinked once loaded. */
  private static long mappedLibraries() {
    try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
      return maps.filter(line -> line.contains("libcontexture.so"))
          .map(line -> line.split(" +")[4])
          .distinct()
          .count();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Collects garbage until {@code condition} holds; false if it doesn't within the limit. */
  private static boolean await(BooleanSupplier condition) throws InterruptedException {
    ReferenceQueue<Object> never = new ReferenceQueue<>();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(MAX_SECONDS);
    while (System.nanoTime() < end) {
      System.gc();
      if (condition.getAsBoolean()) {
        return true;
      }
      never.remove(50);
    }
    return false;
  }
}
