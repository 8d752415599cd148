package io.contexture.internal.load;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * Tells whether bytes are a shared object that the dynamic linker can map without harm.
 *
 * <p>The linker believes the headers: it maps the segments they promise and touches them, and where
 * the file is shorter than that, the process dies of SIGBUS. So every range that the headers name
 * is compared with the length first. What lies inside the ranges isn't looked at; a digest is for
 * that.
 *
 * <pre>
 *   ELF header (64 bytes)      program header (56 bytes)   section header (64 bytes)
 *     0  0x7f 'E' 'L' 'F'         0  p_type, p_flags
 *     4  class: 2 is 64-bit       8  p_offset
 *     5  byte order              32  p_filesz
 *    16  e_type: 3 is DYN        40  p_memsz
 *    18  e_machine
 *    32  e_phoff
 *    40  e_shoff
 *    54  e_phentsize, e_phnum
 *    58  e_shentsize, e_shnum
 * </pre>
 */
final class ElfImage {
  private static final int MAGIC = 0x7f454c46;
  private static final int HEADER = 64;
  private static final int PROGRAM_HEADER = 56;
  private static final int SECTION_HEADER = 64;

  private static final int PT_LOAD = 1;
  private static final int PT_DYNAMIC = 2;
  private static final int PT_INTERP = 3;
  private static final int PT_GNU_STACK = 0x6474e551;
  private static final int READ_WRITE = 6;

  private ElfImage() {}

  /**
   * What keeps {@code image} from being loaded on this architecture, or null if nothing visible
   * does.
   *
   * @param machine the {@code e_machine} wanted, or -1 to accept any
   * @return a clause that goes on where the file's name left off
   */
  static @Nullable String problem(byte[] image, int machine) {
    ByteBuffer elf = ByteBuffer.wrap(image);
    if (image.length < 4 || elf.getInt(0) != MAGIC) {
      return image.length == 0 ? "is empty" : "is not an ELF file";
    }
    if (image.length < HEADER) {
      return truncated("its header takes " + HEADER + " bytes", image.length);
    }
    if (image[4] != 2) {
      return "is not a 64-bit ELF file";
    }
    ByteOrder order = ByteOrder.nativeOrder();
    if (image[5] != (order == ByteOrder.LITTLE_ENDIAN ? 1 : 2)) {
      return "is an ELF file for the other byte order";
    }
    elf.order(order);
    int actual = Short.toUnsignedInt(elf.getShort(18));
    if (machine >= 0 && actual != machine) {
      return "is for another architecture (ELF machine " + actual + ", not " + machine + ")";
    }
    if (elf.getShort(16) != 3) {
      return "is an ELF file, but not a shared object";
    }
    long programHeaders = elf.getLong(32);
    int count = Short.toUnsignedInt(elf.getShort(56));
    if (count == 0 || elf.getShort(54) != PROGRAM_HEADER) {
      return "is damaged: it has no program headers of the usual size";
    }
    if (!inside(programHeaders, (long) count * PROGRAM_HEADER, image.length)) {
      return truncated("its program headers lie behind the end", image.length);
    }
    boolean dynamic = false;
    boolean plainStack = false;
    for (int i = 0; i < count; i++) {
      int at = (int) programHeaders + i * PROGRAM_HEADER;
      int type = elf.getInt(at);
      if (type == PT_GNU_STACK) {
        plainStack = elf.getInt(at + 4) == READ_WRITE;
      }
      if (type != PT_LOAD && type != PT_DYNAMIC) {
        continue;
      }
      long bytes = elf.getLong(at + 32);
      if (!inside(elf.getLong(at + 8), bytes, image.length)) {
        return truncated("segment " + i + " lies behind the end", image.length);
      }
      if (Long.compareUnsigned(elf.getLong(at + 40), bytes) < 0) {
        return "is damaged: segment " + i + " is larger in the file than in memory";
      }
      dynamic |= type == PT_DYNAMIC;
    }
    if (!dynamic) {
      return "is damaged: it has no dynamic segment";
    }
    if (!plainStack) {
      return "asks for an executable stack";
    }
    long sections = (long) Short.toUnsignedInt(elf.getShort(60)) * SECTION_HEADER;
    if (!inside(elf.getLong(40), sections, image.length)) {
      return truncated("its section headers lie behind the end", image.length);
    }
    return null;
  }

  /**
   * The dynamic linker that {@code program} asks for, or null if it is no 64-bit ELF file of this
   * byte order or asks for none.
   *
   * @throws IOException if the file can't be read
   */
  static @Nullable String interpreter(Path program) throws IOException {
    try (FileChannel file = FileChannel.open(program, StandardOpenOption.READ)) {
      ByteBuffer header = read(file, 0, HEADER);
      if (header == null || header.getInt(0) != MAGIC || header.get(4) != 2) {
        return null;
      }
      ByteOrder order = ByteOrder.nativeOrder();
      if (header.get(5) != (order == ByteOrder.LITTLE_ENDIAN ? 1 : 2)) {
        return null;
      }
      header.order(order);
      int count = Short.toUnsignedInt(header.getShort(56));
      ByteBuffer table = read(file, header.getLong(32), count * PROGRAM_HEADER);
      if (table == null) {
        return null;
      }
      table.order(order);
      for (int at = 0; at < table.capacity(); at += PROGRAM_HEADER) {
        if (table.getInt(at) == PT_INTERP) {
          int bytes = (int) Math.min(table.getLong(at + 32), 4096);
          ByteBuffer name = read(file, table.getLong(at + 8), bytes);
          return name == null
              ? null
              : StandardCharsets.ISO_8859_1.decode(name.rewind()).toString().replace("\0", "");
        }
      }
      return null;
    }
  }

  /** {@code bytes} bytes from {@code offset} on, or null if the file hasn't got them. */
  private static @Nullable ByteBuffer read(FileChannel file, long offset, int bytes)
      throws IOException {
    if (bytes < 0 || !inside(offset, bytes, file.size())) {
      return null;
    }
    ByteBuffer buffer = ByteBuffer.allocate(bytes);
    while (buffer.hasRemaining()) {
      if (file.read(buffer, offset + buffer.position()) < 0) {
        return null;
      }
    }
    return buffer;
  }

  /** Whether [offset, offset + bytes) lies in [0, length); any number may be out of its range. */
  private static boolean inside(long offset, long bytes, long length) {
    return offset >= 0 && bytes >= 0 && offset <= length && bytes <= length - offset;
  }

  private static String truncated(String what, int length) {
    return "is truncated: " + what + ", and the file has " + length + " bytes";
  }
}
