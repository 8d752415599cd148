package io.contexture.internal.load;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Copies and deletes directory trees. */
final class Trees {
  private Trees() {}

  /** Copies all that lies in {@code from} to {@code to}, which doesn't exist. */
  static void copy(Path from, Path to) {
    for (Path path : walk(from)) {
      try {
        Files.copy(path, to.resolve(from.relativize(path).toString()));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** Deletes {@code tree} and all that lies in it. */
  static void delete(Path tree) {
    for (Path path : walk(tree).reversed()) {
      try {
        Files.delete(path);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** {@code tree} and all that lies in it, a directory before its contents. */
  private static List<Path> walk(Path tree) {
    try (Stream<Path> paths = Files.walk(tree)) {
      return paths.sorted(Comparator.naturalOrder()).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
