package io.contexture.bench.tool;

import io.contexture.bench.tool.Document.Block;
import io.contexture.bench.tool.Document.Cell;
import io.contexture.bench.tool.Document.Key;
import io.contexture.bench.tool.Document.Section;
import java.util.List;
import java.util.Locale;

/**
 * Writes a report as one page of HTML that needs nothing else: style and plots are in it. It is
 * well-formed XML too.
 */
final class Html {
  /** Plots with more bars than that are folded away, unless they sum everything up. */
  private static final int MOST_BARS = 40;

  private static final String STYLE =
      """
      :root { color-scheme: light dark; --ground: #ffffff; --panel: #f6f7f9; --text: #1b1f24; --weak: #5b6470;
        --line: #d8dde3; --native: #2563c9; --java: #c2620a; --peer: #8a939f; --good: #1a7f37; --bad: #c0282d; }
      @media (prefers-color-scheme: dark) { :root { --ground: #14171b; --panel: #1d2126; --text: #e6e9ed; --weak: #9aa4b0;
        --line: #353b43; --native: #6ea8ff; --java: #f2a24b; --peer: #7c8794; --good: #4cc26b; --bad: #ff7b7f; } }
      * { box-sizing: border-box; }
      body { margin: 0 auto; padding: 1.5rem 1.25rem 4rem; max-width: 72rem; background: var(--ground); color: var(--text);
        font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
      h1 { font-size: 1.6rem; margin: 0 0 .75rem; } h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
      h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem; padding-top: 1rem; border-top: 1px solid var(--line); }
      p { margin: .4rem 0; max-width: 60rem; } .about p { color: var(--weak); }
      nav { margin: 1rem 0; padding: .75rem 1rem; background: var(--panel); border-radius: 6px; columns: 17rem; font-size: .9rem; }
      nav a { display: block; break-inside: avoid; padding: .1rem 0; color: var(--native); text-decoration: none; } nav a:hover { text-decoration: underline; }
      .key span { margin-right: 1.25rem; white-space: nowrap; } .key i { display: inline-block; width: .8em; height: .8em; margin-right: .4em; border-radius: 2px; }
      .scroll { overflow-x: auto; margin: .5rem 0 1rem; border: 1px solid var(--line); border-radius: 6px; }
      table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .88rem; }
      th, td { padding: .4rem .7rem; text-align: right; vertical-align: top; white-space: nowrap; border-bottom: 1px solid var(--line); }
      tr:last-child td { border-bottom: 0; } th { background: var(--panel); font-weight: 600; }
      th:first-child, td:first-child { text-align: left; position: sticky; left: 0; background: var(--ground); white-space: normal; min-width: 11rem; }
      th:first-child { background: var(--panel); } td small { display: block; color: var(--weak); font-size: .92em; }
      td.native:first-child { border-left: 3px solid var(--native); } td.java:first-child { border-left: 3px solid var(--java); }
      td.good small { color: var(--good); font-weight: 600; } td.bad small { color: var(--bad); font-weight: 600; }
      details { margin: .5rem 0 1rem; } summary { cursor: pointer; color: var(--weak); font-size: .9rem; }
      svg { display: block; min-width: 44rem; width: 100%; height: auto; font: 12px system-ui, "DejaVu Sans", sans-serif; }
      svg text { fill: var(--text); } svg .weak { fill: var(--weak); } svg .group { font-weight: 600; }
      svg .grid { stroke: var(--line); } svg .limit { stroke: var(--text); stroke-dasharray: 4 3; } svg .error { stroke: var(--text); stroke-width: 1.5; }
      .fill-native { fill: var(--native); background: var(--native); } .fill-java { fill: var(--java); background: var(--java); }
      .fill-plain { fill: var(--peer); background: var(--peer); } .fill-good { fill: var(--good); background: var(--good); }
      .fill-bad { fill: var(--bad); background: var(--bad); }
      """;

  private Html() {}

  static String of(Document document) {
    StringBuilder page = new StringBuilder();
    page.append(
        String.format(
            Locale.ROOT,
            """
        <!DOCTYPE html>
        <html lang="en" xmlns="http://www.w3.org/1999/xhtml">
        <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>%s</title>
        <style>
        %s</style>
        </head>
        <body>
        <h1>%s</h1>
        """,
            escaped(document.title()),
            STYLE,
            escaped(document.title())));
    page.append("<div class=\"about\">\n");
    document.about().forEach(p -> page.append(element("p", p)).append('\n'));
    page.append("</div>\n<p class=\"key\">");
    for (Key key : document.key()) {
      page.append(
          String.format(
              Locale.ROOT,
              "<span><i class=\"fill-%s\"></i>%s</span>",
              style(key.kind()),
              escaped(key.label())));
    }
    page.append("</p>\n");
    List<Section> sections = document.sections();
    page.append("<nav>\n");
    for (int i = 0; i < sections.size(); i++) {
      page.append(
          String.format(
              Locale.ROOT, "<a href=\"#s%d\">%s</a>%n", i, escaped(sections.get(i).title())));
    }
    page.append("</nav>\n");
    for (int i = 0; i < sections.size(); i++) {
      Section section = sections.get(i);
      page.append(
          String.format(Locale.ROOT, "<h2 id=\"s%d\">%s</h2>%n", i, escaped(section.title())));
      if (!section.text().isEmpty()) {
        page.append(element("p", section.text())).append('\n');
      }
      section.blocks().forEach(block -> append(page, block));
    }
    return page.append("</body>\n</html>\n").toString();
  }

  private static void append(StringBuilder page, Block block) {
    if (!block.title().isEmpty()) {
      page.append(element("h3", block.title())).append('\n');
    }
    page.append("<div class=\"scroll\"><table>\n<thead><tr>");
    block.columns().forEach(column -> page.append(element("th", column)));
    page.append("</tr></thead>\n<tbody>\n");
    for (List<Cell> row : block.rows()) {
      page.append("<tr>");
      row.forEach(cell -> append(page, cell));
      page.append("</tr>\n");
    }
    page.append("</tbody></table></div>\n");
    if (block.plot() != null && !block.plot().bars().isEmpty()) {
      boolean isSummary = !Double.isNaN(block.plot().limit());
      boolean many = !isSummary && block.plot().bars().size() > MOST_BARS;
      page.append(many ? "<details>" : "<details open=\"open\">")
          .append("<summary>Plot</summary>\n<div class=\"scroll\">")
          .append(Svg.of(block.plot()))
          .append("</div></details>\n");
    }
  }

  private static void append(StringBuilder page, Cell cell) {
    page.append("<td class=\"")
        .append(style(cell.kind()))
        .append("\">")
        .append(escaped(cell.lines().getFirst()));
    cell.lines().stream().skip(1).forEach(line -> page.append(element("small", line)));
    page.append("</td>");
  }

  /** The class of the style sheet. */
  static String style(Document.Kind kind) {
    return kind.name().toLowerCase(Locale.ROOT);
  }

  private static String element(String name, String text) {
    return "<" + name + ">" + escaped(text) + "</" + name + ">";
  }

  /** As XML has it, in one line. */
  static String escaped(String text) {
    return Text.plain(text)
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
