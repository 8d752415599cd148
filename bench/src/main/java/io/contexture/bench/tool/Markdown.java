package io.contexture.bench.tool;

import io.contexture.bench.tool.Document.Block;
import io.contexture.bench.tool.Document.Cell;
import io.contexture.bench.tool.Document.Section;
import java.util.List;
import java.util.stream.Collectors;

/** Writes a report as Markdown. */
final class Markdown {
  private Markdown() {}

  static String of(Document document) {
    StringBuilder text = new StringBuilder("# " + document.title() + "\n");
    document.about().forEach(paragraph -> text.append('\n').append(paragraph).append('\n'));
    for (Section section : document.sections()) {
      text.append("\n## ").append(section.title()).append('\n');
      if (!section.text().isEmpty()) {
        text.append('\n').append(section.text()).append('\n');
      }
      for (Block block : section.blocks()) {
        if (!block.title().isEmpty()) {
          text.append("\n### ").append(block.title()).append('\n');
        }
        text.append('\n').append(row(block.columns())).append(row(rule(block)));
        block.rows().forEach(row -> text.append(row(row.stream().map(Markdown::cell).toList())));
      }
    }
    return text.toString();
  }

  private static List<String> rule(Block block) {
    return block.columns().stream().map(column -> "---").toList();
  }

  private static String cell(Cell cell) {
    List<String> lines = cell.lines();
    boolean strong = cell.kind() == Document.Kind.GOOD || cell.kind() == Document.Kind.BAD;
    String last = lines.size() > 1 ? lines.getLast() : null;
    return strong && last != null
        ? String.join(" · ", lines.subList(0, lines.size() - 1)) + " · **" + last + "**"
        : String.join(" · ", lines);
  }

  private static String row(List<String> cells) {
    return cells.stream()
        .map(cell -> cell.replace("|", "\\|"))
        .collect(Collectors.joining(" | ", "| ", " |\n"));
  }
}
