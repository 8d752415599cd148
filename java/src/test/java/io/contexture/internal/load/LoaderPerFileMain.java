package io.contexture.internal.load;

import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;

/**
 * Tries one library file after the other, each with a class loader of its own, so that hundreds of
 * faulty files fit in one process; if one of them could end it, that shows as well.
 */
public final class LoaderPerFileMain {
  private LoaderPerFileMain() {}

  /** Takes the directory of the library's classes, then the files. */
  public static void main(String[] args) throws Exception {
    URL[] classes = {Path.of(args[0]).toUri().toURL()};
    for (int i = 1; i < args.length; i++) {
      System.setProperty("contexture.library.path", args[i]);
      try (URLClassLoader loader =
          new URLClassLoader(classes, ClassLoader.getPlatformClassLoader())) {
        Class<?> contexture = loader.loadClass("io.contexture.Contexture");
        System.out.println(
            Path.of(args[i]).getFileName()
                + "="
                + contexture.getMethod("backend").invoke(null)
                + " "
                + contexture.getMethod("status").invoke(null));
      }
    }
  }
}
