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
    StringBuilder text = new StringBuilder("# " + escaped(document.title()) + "\n");
    document.about().forEach(paragraph -> text.append(paragraph(paragraph)));
    for (Section section : document.sections()) {
      text.append("\n## ").append(escaped(section.title())).append('\n');
      if (!section.text().isEmpty()) {
        text.append(paragraph(section.text()));
      }
      for (Block block : section.blocks()) {
        if (!block.title().isEmpty()) {
          text.append("\n### ").append(escaped(block.title())).append('\n');
        }
        text.append('\n').append(row(block.columns().stream().map(Markdown::inTable).toList()));
        text.append(row(block.columns().stream().map(column -> "---").toList()));
        block.rows().forEach(row -> text.append(row(row.stream().map(Markdown::cell).toList())));
      }
    }
    return text.toString();
  }

  private static String paragraph(String text) {
    return "\n" + escaped(text) + "\n";
  }

  private static String cell(Cell cell) {
    List<String> lines = cell.lines().stream().map(Markdown::inTable).toList();
    boolean strong = cell.kind() == Document.Kind.GOOD || cell.kind() == Document.Kind.BAD;
    String last = lines.size() > 1 ? lines.getLast() : null;
    return strong && last != null
        ? String.join(" · ", lines.subList(0, lines.size() - 1)) + " · **" + last + "**"
        : String.join(" · ", lines);
  }

  private static String row(List<String> cells) {
    return cells.stream().collect(Collectors.joining(" | ", "| ", " |\n"));
  }

  /** In one line, and no HTML. */
  private static String escaped(String text) {
    return Text.plain(text).replace("\\", "\\\\").replace("<", "\\<");
  }

  private static String inTable(String text) {
    return escaped(text).replace("|", "\\|");
  }
}
