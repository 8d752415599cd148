package io.contexture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleDescriptor.Requires.Modifier;
import java.lang.module.ModuleFinder;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a module that requires this one needs: nothing else. */
class ModuleTest {
  @Test
  void consumersNeedNoOtherModule() throws Exception {
    Path classes =
        Path.of(Contexture.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    ModuleDescriptor module =
        ModuleFinder.of(classes).find("io.contexture").orElseThrow().descriptor();
    List<String> wanted =
        module.requires().stream()
            .filter(each -> !each.modifiers().equals(Set.of(Modifier.STATIC)))
            .map(ModuleDescriptor.Requires::name)
            .toList();
    assertEquals(List.of("java.base"), wanted);
    assertTrue(module.exports().stream().noneMatch(each -> each.source().contains("internal")));
  }
}
