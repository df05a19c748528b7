# Prints a suite's figures (lines WHO<tab>ROW<tab>NUMBER) as a table with ratios, and as JSON to the file `json`. Of several
# figures for one row the least counts, but for suite `start`, where it is the median.
{
  if (!($2 in known)) { known[$2] = 1; rows[++row_count] = $2 }
  if ($1 != "ours" && !($1 in peer)) { peer[$1] = 1; peers[++peer_count] = $1 }
  at = $1 SUBSEP $2
  figures[at, ++count[at]] = $3 + 0
}

function value(who, row,    at, i, j, n, kept, sorted) {
  at = who SUBSEP row
  n = count[at]
  if (!n) return ""
  for (i = 1; i <= n; i++) {
    kept = figures[at, i]
    for (j = i - 1; j >= 1 && sorted[j] > kept; j--) sorted[j + 1] = sorted[j]
    sorted[j + 1] = kept
  }
  return suite == "start" ? sorted[int((n + 1) / 2)] : sorted[1]
}

END {
  unit = suite == "start" ? "ms" : "ns"
  line = sprintf("%-20s %6s %10s", suite, "unit", "ours")
  for (p = 1; p <= peer_count; p++) line = line sprintf(" %10s %7s", peers[p], "ratio")
  print line
  text = "{\"suite\": \"" suite "\", \"rows\": ["
  for (r = 1; r <= row_count; r++) {
    row = rows[r]
    u = row == "sqlite_rows" ? "ms" : unit
    ours = value("ours", row)
    line = sprintf("%-20s %6s %10s", row, u, ours == "" ? "-" : sprintf("%.2f", ours))
    text = text (r > 1 ? ", " : "") "{\"name\": \"" row "\", \"unit\": \"" u "\", \"ours\": " (ours == "" ? "null" : ours) ", \"peers\": {"
    separator = ""
    for (p = 1; p <= peer_count; p++) {
      theirs = value(peers[p], row)
      line = line sprintf(" %10s %7s", theirs == "" ? "-" : sprintf("%.2f", theirs), ours == "" || theirs == "" ? "-" : sprintf("%.2f", ours / theirs))
      if (theirs != "") {
        text = text separator "\"" peers[p] "\": " theirs
        separator = ", "
      }
    }
    print line
    text = text "}}"
  }
  print ""
  if (json != "") print text "]}" > json
}
