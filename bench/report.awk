# Prints a suite's figures (lines WHO<tab>ROW<tab>UNIT<tab>NUMBER) as a table of medians with the ratio of ours to each other
# column, and writes them to the file `json`, with the spread (least and greatest) of each. WHO is `ours`, `floor` (what
# the thing underneath costs alone) or a peer.
{
  if (!($2 in unit)) { unit[$2] = $3; rows[++row_count] = $2 }
  if ($1 != "ours" && !($1 in column)) { column[$1] = 1; columns[++column_count] = $1 }
  at = $1 SUBSEP $2
  figures[at, ++count[at]] = $4 + 0
}

# The figures of a column in a row, sorted, in `sorted`; how many there are.
function sort_figures(who, row,    at, i, j, n, kept) {
  at = who SUBSEP row
  n = count[at]
  for (i = 1; i <= n; i++) {
    kept = figures[at, i]
    for (j = i - 1; j >= 1 && sorted[j] > kept; j--) sorted[j + 1] = sorted[j]
    sorted[j + 1] = kept
  }
  return n
}

function median(who, row,    n) {
  n = sort_figures(who, row)
  if (!n) return ""
  return n % 2 ? sorted[(n + 1) / 2] : (sorted[n / 2] + sorted[n / 2 + 1]) / 2
}

function spread(who, row,    n) {
  n = sort_figures(who, row)
  return "[" sorted[1] ", " sorted[n] "]"
}

function quoted(text) {
  gsub(/[\\"]/, "\\\\&", text)
  return "\"" text "\""
}

END {
  widest = 20
  for (r = 1; r <= row_count; r++)
    if (length(rows[r]) > widest) widest = length(rows[r])
  line = sprintf("%-" widest "s %6s %10s", suite, "unit", "ours")
  for (c = 1; c <= column_count; c++) {
    width[c] = length(columns[c]) > 10 ? length(columns[c]) : 10
    line = line sprintf(" %" width[c] "s %7s", columns[c], "ratio")
  }
  print line
  text = "{\"suite\": " quoted(suite) ", \"machine\": " quoted(machine) ", \"rows\": ["
  for (r = 1; r <= row_count; r++) {
    row = rows[r]
    ours = median("ours", row)
    line = sprintf("%-" widest "s %6s %10s", row, unit[row], ours == "" ? "-" : sprintf("%.2f", ours))
    text = text (r > 1 ? "," : "") "\n  {\"name\": " quoted(row) ", \"unit\": " quoted(unit[row]) ", \"ours\": " (ours == "" ? "null" : ours)
    peers = ""
    floor = "null"
    spreads = ours == "" ? "" : "\"ours\": " spread("ours", row)
    for (c = 1; c <= column_count; c++) {
      theirs = median(columns[c], row)
      line = line sprintf(" %" width[c] "s %7s", theirs == "" ? "-" : sprintf("%.2f", theirs), ours == "" || theirs == "" ? "-" : sprintf("%.2f", ours / theirs))
      if (theirs == "") continue
      if (columns[c] == "floor") floor = theirs
      else peers = peers (peers == "" ? "" : ", ") quoted(columns[c]) ": " theirs
      spreads = spreads (spreads == "" ? "" : ", ") quoted(columns[c]) ": " spread(columns[c], row)
    }
    print line
    text = text ", \"floor\": " floor ", \"peers\": {" peers "}, \"spread\": {" spreads "}}"
  }
  print ""
  if (json != "") print text "\n]}" > json
}
