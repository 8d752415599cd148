package io.contexture.internal.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@link ElfImage} takes for harmless, and what not: headers made for the purpose. */
class ElfImageTest {
  private static final int MACHINE = 62;

  private static ElfBuilder sound() {
    return new ElfBuilder(MACHINE, "/lib/ld-test.so.1");
  }

  private static void assertProblem(String expected, ElfBuilder elf) {
    String problem = ElfImage.problem(elf.build(), MACHINE);
    assertTrue(problem != null && problem.contains(expected), "problem: " + problem);
  }

  @Test
  void acceptsASoundSharedObject() {
    assertNull(ElfImage.problem(sound().build(), MACHINE));
  }

  @Test
  void acceptsBytesBehindTheEnd() {
    assertNull(ElfImage.problem(Arrays.copyOf(sound().build(), 1000), MACHINE));
  }

  @Test
  void acceptsAStrippedSectionTable() {
    assertNull(ElfImage.problem(sound().putLong(40, 0).putShort(60, 0).build(), MACHINE));
  }

  @Test
  void rejectsEveryTruncation() {
    byte[] image = sound().build();
    for (int length = 0; length < image.length; length++) {
      assertNotNull(ElfImage.problem(Arrays.copyOf(image, length), MACHINE), "length " + length);
    }
  }

  @Test
  void namesEmptyAndForeignFiles() {
    assertEquals("is empty", ElfImage.problem(new byte[0], MACHINE));
    assertEquals("is not an ELF file", ElfImage.problem("ELF".getBytes(), MACHINE));
    assertEquals("is not an ELF file", ElfImage.problem(new byte[10_000], MACHINE));
  }

  @Test
  void rejectsAnotherArchitecture() {
    String problem = ElfImage.problem(new ElfBuilder(183, "").build(), MACHINE);
    assertEquals("is for another architecture (ELF machine 183, not 62)", problem);
  }

  @Test
  void acceptsAnyMachineWhereTheArchitectureIsNotKnown() {
    assertNull(ElfImage.problem(new ElfBuilder(183, "").build(), -1));
  }

  @Test
  void rejectsOtherClassesOrdersAndTypes() {
    assertProblem("not a 64-bit", sound().putByte(4, 1));
    assertProblem("other byte order", sound().putByte(5, 3 - sound().build()[5]));
    assertProblem("not a shared object", sound().putShort(16, 2));
    assertProblem("not a shared object", sound().putShort(16, 1));
  }

  @Test
  void rejectsUnusualProgramHeaders() {
    assertProblem("no program headers", sound().putShort(54, 32));
    assertProblem("no program headers", sound().putShort(56, 0));
    assertProblem("no dynamic segment", sound().putInt(ElfBuilder.DYNAMIC_HEADER, 4));
  }

  @Test
  void rejectsSegmentsLargerInTheFileThanInMemory() {
    assertProblem("segment 0 is larger", sound().putLong(ElfBuilder.PROGRAM_HEADERS + 40, 10));
  }

  @Test
  void rejectsExecutableStacksWhichTheJvmWarnsAbout() {
    assertProblem("executable stack", sound().putInt(ElfBuilder.STACK_HEADER + 4, 7));
    assertProblem("executable stack", sound().putInt(ElfBuilder.STACK_HEADER, 4));
  }

  @ParameterizedTest
  @ValueSource(longs = {481, 1L << 40, Long.MAX_VALUE, Long.MIN_VALUE, -1, -64})
  void rejectsRangesOutsideTheFile(long number) {
    assertProblem("program headers lie", sound().putLong(32, number));
    assertProblem("section headers lie", sound().putLong(40, number));
    assertProblem("segment 0 lies", sound().putLong(ElfBuilder.PROGRAM_HEADERS + 8, number));
    assertProblem("segment 0 lies", sound().putLong(ElfBuilder.PROGRAM_HEADERS + 32, number));
    assertProblem("segment 1 lies", sound().putLong(ElfBuilder.DYNAMIC_HEADER + 8, number));
    assertProblem("segment 1 lies", sound().putLong(ElfBuilder.DYNAMIC_HEADER + 32, number));
  }

  @Test
  void readsTheInterpreter(@TempDir Path directory) throws IOException {
    Path program = Files.write(directory.resolve("program"), sound().build());
    assertEquals("/lib/ld-test.so.1", ElfImage.interpreter(program));
  }

  @Test
  void readsNoInterpreterWhereThereIsNone(@TempDir Path directory) throws IOException {
    Path program = directory.resolve("program");
    Files.write(program, sound().putInt(ElfBuilder.INTERP_HEADER, 4).build());
    assertNull(ElfImage.interpreter(program), "no such segment");
    Files.write(program, sound().putLong(ElfBuilder.INTERP_HEADER + 8, 1L << 50).build());
    assertNull(ElfImage.interpreter(program), "behind the end");
    Files.write(program, sound().putByte(4, 1).build());
    assertNull(ElfImage.interpreter(program), "32 bits");
    Files.writeString(program, "#!/bin/sh\n");
    assertNull(ElfImage.interpreter(program), "a script");
    Files.write(program, Arrays.copyOf(sound().build(), 100));
    assertNull(ElfImage.interpreter(program), "truncated");
    Files.delete(program);
    assertThrows(NoSuchFileException.class, () -> ElfImage.interpreter(program));
  }
}
