package io.contexture.bench.tool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is taken for real hardware, and what isn't. */
class MachineTest {
  private static final String INTEL = "vendor_id\t: GenuineIntel\n";
  private static final String ARM = "CPU implementer\t: 0x41\n";

  private final String said = System.getProperty(Machine.EMULATED);

  @AfterEach
  void restore() {
    if (said == null) {
      System.clearProperty(Machine.EMULATED);
    } else {
      System.setProperty(Machine.EMULATED, said);
    }
  }

  @Test
  void tellsAnEmulatorByTheProcessorItShows() {
    assertTrue(Machine.isEmulated(INTEL, "", "aarch64"));
    assertFalse(Machine.isEmulated(INTEL, "", "x86_64"));
    assertFalse(Machine.isEmulated(ARM, "", "aarch64"));
    assertTrue(Machine.isEmulated(ARM, "", "x86_64"));
    assertFalse(Machine.isEmulated("", "", "aarch64"));
  }

  @Test
  void tellsAnEmulatorThatShowsAProcessorOfItsOwnByTheKernel() {
    assertTrue(Machine.isEmulated(ARM, "x86_64\n", "aarch64"));
    assertTrue(Machine.isEmulated(INTEL, "aarch64\n", "x86_64"));
    assertTrue(Machine.isEmulated("hart\t: 0\n", "x86_64\n", "riscv64"));
    assertTrue(Machine.isEmulated(INTEL, "aarch64\n", "aarch64"));
    assertFalse(Machine.isEmulated(ARM, "aarch64\n", "aarch64"));
    assertFalse(Machine.isEmulated(INTEL, "x86_64\n", "x86_64"));
    assertFalse(Machine.isEmulated("hart\t: 0\n", "riscv64\n", "riscv64"));
  }

  @Test
  void believesThePropertyOfTheProcessThatWritesTheResults() {
    System.setProperty(Machine.EMULATED, "true");
    assertTrue(Machine.here().emulated());
    Results fresh = Run.fresh(Profile.QUICK, "", Map.of());
    assertTrue(fresh.machine().emulated());
    assertTrue(fresh.json().contains("\"emulated\" : true"), fresh.json());
  }

  @Test
  void thePropertyDoesNotMakeAMachineReal() {
    System.clearProperty(Machine.EMULATED);
    boolean found = Machine.here().emulated();
    System.setProperty(Machine.EMULATED, "false");
    assertEquals(found, Machine.here().emulated());
  }

  @Test
  void refusesAPropertyThatSaysSomethingElse() {
    for (String value : new String[] {"", "yes", "1"}) {
      System.setProperty(Machine.EMULATED, value);
      String message = assertThrows(UsageException.class, Machine::here).getMessage();
      assertTrue(message.contains(Machine.EMULATED), message);
    }
  }
}
