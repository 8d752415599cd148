package io.contexture.internal.load;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Builds the headers of an ELF file, sound or not, with nothing of use behind them.
 *
 * <pre>
 *     0  ELF header
 *    64  program headers: LOAD over the whole file, DYNAMIC over 16 bytes, INTERP over the name,
 *        GNU_STACK that is not executable
 *   288  16 bytes of "dynamic segment", then the interpreter's name
 *   352  section headers: two
 *   480  end
 * </pre>
 */
final class ElfBuilder {
  static final int LENGTH = 480;
  static final int PROGRAM_HEADERS = 64;
  static final int DYNAMIC_HEADER = PROGRAM_HEADERS + 56;
  static final int INTERP_HEADER = DYNAMIC_HEADER + 56;
  static final int STACK_HEADER = INTERP_HEADER + 56;
  private static final int DYNAMIC = STACK_HEADER + 56;
  private static final int INTERP = DYNAMIC + 16;
  private static final int SECTION_HEADERS = 352;

  private final ByteBuffer elf = ByteBuffer.allocate(LENGTH).order(ByteOrder.nativeOrder());

  /** A sound shared object for {@code machine} that asks for {@code interpreter}. */
  ElfBuilder(int machine, String interpreter) {
    elf.put(0, new byte[] {0x7f, 'E', 'L', 'F', 2, 0, 1});
    elf.put(5, (byte) (ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? 1 : 2));
    elf.putShort(16, (short) 3).putShort(18, (short) machine).putInt(20, 1);
    elf.putLong(32, PROGRAM_HEADERS).putLong(40, SECTION_HEADERS);
    elf.putShort(52, (short) 64);
    elf.putShort(54, (short) 56).putShort(56, (short) 4);
    elf.putShort(58, (short) 64).putShort(60, (short) 2);
    programHeader(PROGRAM_HEADERS, 1, 0, LENGTH);
    programHeader(DYNAMIC_HEADER, 2, DYNAMIC, 16);
    elf.putInt(STACK_HEADER, 0x6474e551).putInt(STACK_HEADER + 4, 6);
    byte[] name = (interpreter + "\0").getBytes(StandardCharsets.US_ASCII);
    programHeader(INTERP_HEADER, 3, INTERP, name.length);
    elf.put(INTERP, name);
  }

  private void programHeader(int at, int type, long offset, long bytes) {
    elf.putInt(at, type).putLong(at + 8, offset);
    elf.putLong(at + 32, bytes).putLong(at + 40, bytes).putLong(at + 48, 4096);
  }

  ElfBuilder putByte(int at, int value) {
    elf.put(at, (byte) value);
    return this;
  }

  ElfBuilder putShort(int at, int value) {
    elf.putShort(at, (short) value);
    return this;
  }

  ElfBuilder putInt(int at, int value) {
    elf.putInt(at, value);
    return this;
  }

  ElfBuilder putLong(int at, long value) {
    elf.putLong(at, value);
    return this;
  }

  byte[] build() {
    return elf.array().clone();
  }
}
