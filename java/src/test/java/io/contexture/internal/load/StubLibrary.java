package io.contexture.internal.load;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.contexture.internal.ffm.CxLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * Compiles libraries that look like ours and aren't: every function is there and gives 0, except
 * what the builder was told. Uses the C compiler that the build of the real one needs, too.
 */
final class StubLibrary {
  private int abiVersion = CxLayout.ABI_VERSION;
  private Predicate<String> has = name -> true;
  private String wrongAnswer = "";
  private final List<String> options = new ArrayList<>();

  /** Answers another ABI version. */
  StubLibrary abiVersion(int version) {
    abiVersion = version;
    return this;
  }

  /** Leaves the function {@code name} out. */
  StubLibrary without(String name) {
    has = has.and(function -> !function.equals(name));
    return this;
  }

  /** Answers one more than it should when {@code cx_layout} is asked for {@code answer}. */
  StubLibrary wrongAbout(String answer) {
    wrongAnswer = answer;
    return this;
  }

  /** Passes {@code option} to the compiler. */
  StubLibrary with(String option) {
    options.add(option);
    return this;
  }

  /** Compiles it to {@code library}. */
  Path compile(Path library) throws IOException, InterruptedException {
    Path source = Files.writeString(library.resolveSibling("stub.c"), source());
    List<String> command = new ArrayList<>(List.of("cc", "-shared", "-fPIC", "-o"));
    command.addAll(List.of(library.toString(), source.toString()));
    command.addAll(options);
    Path log = library.resolveSibling("stub.log");
    ProcessBuilder builder = new ProcessBuilder(command);
    Process compiler = builder.redirectErrorStream(true).redirectOutput(log.toFile()).start();
    assertEquals(0, compiler.waitFor(), () -> command + ": " + log);
    return library;
  }

  private String source() {
    StringBuilder c = new StringBuilder("#include <stdint.h>\n#include <stdlib.h>\n");
    for (String name : CxLayout.functions()) {
      if (has.test(name)) {
        switch (name) {
          case "cx_abi_version" ->
              c.append("uint32_t cx_abi_version(void) { return ")
                  .append(abiVersion)
                  .append("; }\n");
          case "cx_build_id" -> c.append("const char *cx_build_id(void) { return \"a stub\"; }\n");
          case "cx_memory_alloc" ->
              c.append("void *cx_memory_alloc(uint64_t n) { return calloc(1, n); }\n");
          case "cx_layout" -> layout(c);
          default -> c.append("int64_t ").append(name).append("(void) { return 0; }\n");
        }
      }
    }
    return c.toString();
  }

  private void layout(StringBuilder c) {
    c.append("int64_t cx_layout(uint32_t field) {\n  switch (field) {\n");
    for (CxLayout.Answer answer : CxLayout.answers()) {
      long value = answer.expected() + (answer.name().equals(wrongAnswer) ? 1 : 0);
      c.append("  case ").append(answer.field()).append(": return ").append(value).append(";\n");
    }
    c.append("  }\n  return -1;\n}\n");
  }
}
