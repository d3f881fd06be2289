/* test_config_errors.c - every way to get a configuration wrong, and exactly what is said then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/base/columns.h"
#include "core/base/mem.h"
#include "core/config.h"
#include "tests/lib/catalogue.h"

#define TEXT(literal) literal, sizeof(literal) - 1

/* clang-format off */
static const struct {
	const char *name;
	const char *text;
	size_t length;
	const char *message;
	const char *hint;
} rows[] = {
	{"a tab in the indentation",
	 TEXT("bridge:\n"
	 "\tstp: true\n"),
	 "k.yaml:2:1: a tab cannot indent\n"
	 "\tstp: true\n"
	 "^",
	 "use spaces: two for each level"},
	{"a tab after spaces",
	 TEXT("ksm:\n"
	 "  run: true\n"
	 "  \tsleep_millisecs: 5\n"),
	 "k.yaml:3:3: a tab cannot indent\n"
	 "  \tsleep_millisecs: 5\n"
	 "  ^",
	 "use spaces: two for each level"},
	{"no space after a colon",
	 TEXT("bridge:\n"
	 "  stp:true\n"
	 "  name: br1\n"),
	 "k.yaml:2:7: a space is missing after ':'\n"
	 "  stp:true\n"
	 "      ^",
	 "write 'key: value'"},
	{"no space after the only colon",
	 TEXT("bridge:\n"
	 "  stp:true\n"),
	 "k.yaml:2:3: 'bridge' must be a mapping ('key: value' lines), not 'stp:true'\n"
	 "  stp:true\n"
	 "  ^",
	 "a space is missing after ':'"},
	{"no space after a section's colon",
	 TEXT("bridge:{stp: true}\n"),
	 "k.yaml:1:1: unknown key 'bridge:{stp'\n"
	 "bridge:{stp: true}\n"
	 "^",
	 "a space is missing after ':'"},
	{"no space after a colon in braces",
	 TEXT("hugepages: {pools: [{size:2M, count: 1}]}\n"),
	 "k.yaml:1:22: unknown key 'size:2M'\n"
	 "hugepages: {pools: [{size:2M, count: 1}]}\n"
	 "                     ^",
	 "a space is missing after ':'"},
	{"an open double quote",
	 TEXT("bridge:\n"
	 "  name: \"br0\n"
	 "  stp: false\n"),
	 "k.yaml:2:9: this quote is never closed\n"
	 "  name: \"br0\n"
	 "        ^",
	 "close the text with the same quote"},
	{"an open single quote",
	 TEXT("grub:\n"
	 "  extra: ['a=b]\n"),
	 "k.yaml:2:11: this quote is never closed\n"
	 "  extra: ['a=b]\n"
	 "          ^",
	 "close the text with the same quote"},
	{"an unknown escape",
	 TEXT("bridge: {name: \"b\\r\\q\"}\n"),
	 "k.yaml:1:20: unknown escape in double quotes\n"
	 "bridge: {name: \"b\\r\\q\"}\n"
	 "                   ^",
	 "write \\\\ for a backslash, or use single quotes"},
	{"an open bracket",
	 TEXT("modules:\n"
	 "  load: [kvm, kvm_vendor\n"
	 "bridge:\n"
	 "  stp: true\n"),
	 "k.yaml:3:7: expected ',' or ']' in this list\n"
	 "bridge:\n"
	 "      ^",
	 "a comma is missing, or the '[' is not closed"},
	{"an open brace at the end",
	 TEXT("ksm: {run: true\n"),
	 "k.yaml:1:6: expected ',' or '}' in this mapping\n"
	 "ksm: {run: true\n"
	 "     ^",
	 "a comma is missing, or the '{' is not closed"},
	{"a missing comma",
	 TEXT("hugepages:\n"
	 "  pools:\n"
	 "  - {size: 2M count: 5}\n"),
	 "k.yaml:3:20: expected ',' or '}' in this mapping\n"
	 "  - {size: 2M count: 5}\n"
	 "                   ^",
	 "a comma is missing, or the '{' is not closed"},
	{"a missing colon",
	 TEXT("bridge:\n"
	 "  stp\n"
	 "  name: br0\n"),
	 "k.yaml:2:3: expected 'key: value'\n"
	 "  stp\n"
	 "  ^",
	 "a ':' is missing after the key"},
	{"two keys in a line",
	 TEXT("bridge:\n"
	 "  name: br0 stp: true\n"),
	 "k.yaml:2:16: a second 'key:' cannot start here\n"
	 "  name: br0 stp: true\n"
	 "               ^",
	 "put it on a line of its own, indented like its siblings; a value with ': ' in it goes in quotes"},
	{"a value with a colon in it",
	 TEXT("sysctl:\n"
	 "  kernel.core_pattern: a: b\n"),
	 "k.yaml:2:25: a second 'key:' cannot start here\n"
	 "  kernel.core_pattern: a: b\n"
	 "                        ^",
	 "put it on a line of its own, indented like its siblings; a value with ': ' in it goes in quotes"},
	{"uneven indentation",
	 TEXT("bridge:\n"
	 "  name: br0\n"
	 "   stp: true\n"),
	 "k.yaml:3:7: a second 'key:' cannot start here\n"
	 "   stp: true\n"
	 "      ^",
	 "put it on a line of its own, indented like its siblings; a value with ': ' in it goes in quotes"},
	{"indentation that goes back too far",
	 TEXT("bridge:\n"
	 "    name: br0\n"
	 "  stp: true\n"),
	 "k.yaml:3:3: expected a key here\n"
	 "  stp: true\n"
	 "  ^",
	 "indent all keys of one section by the same number of spaces"},
	{"a list item in a mapping",
	 TEXT("bridge:\n"
	 "  name: br0\n"
	 "  - stp\n"),
	 "k.yaml:3:3: expected a key here\n"
	 "  - stp\n"
	 "  ^",
	 "indent all keys of one section by the same number of spaces"},
	{"a list beside its key",
	 TEXT("modules:\n"
	 "  load: - kvm\n"),
	 "k.yaml:2:9: a list item cannot start here\n"
	 "  load: - kvm\n"
	 "        ^",
	 "put each '- item' on a line of its own below the key"},
	{"a key in a list",
	 TEXT("modules:\n"
	 "  load:\n"
	 "  - kvm\n"
	 "  x: 1\n"),
	 "k.yaml:4:3: unknown key 'x'\n"
	 "  x: 1\n"
	 "  ^",
	 "known here: load, require, options"},
	{"a value that starts with @",
	 TEXT("bridge:\n"
	 "  name: @br0\n"),
	 "k.yaml:2:9: a value cannot start with this character\n"
	 "  name: @br0\n"
	 "        ^",
	 "put the value in quotes"},
	{"a value that starts with a percent sign",
	 TEXT("bridge:\n"
	 "  name: %br0\n"),
	 "k.yaml:2:9: a value cannot start with this character\n"
	 "  name: %br0\n"
	 "        ^",
	 "put the value in quotes"},
	{"an anchor",
	 TEXT("bridge: &b\n"
	 "  stp: true\n"),
	 "k.yaml:1:9: anchors ('&name') are not supported\n"
	 "bridge: &b\n"
	 "        ^",
	 "write the value out; a value that starts with '&' goes in quotes"},
	{"an alias",
	 TEXT("bridge:\n"
	 "  name: *name\n"),
	 "k.yaml:2:9: aliases ('*name') are not supported\n"
	 "  name: *name\n"
	 "        ^",
	 "write the value out; a value that starts with '*' goes in quotes"},
	{"a bare star",
	 TEXT("report:\n"
	 "  require: [*]\n"),
	 "k.yaml:2:14: '*' starts an alias, which is not supported\n"
	 "  require: [*]\n"
	 "             ^",
	 "put a value that starts with '*' in quotes"},
	{"a tag",
	 TEXT("bridge:\n"
	 "  stp: !!bool true\n"),
	 "k.yaml:2:8: tags ('!name') are not supported\n"
	 "  stp: !!bool true\n"
	 "       ^",
	 "leave the tag out; a value that starts with '!' goes in quotes"},
	{"two documents",
	 TEXT("ksm: {run: true}\n"
	 "---\n"
	 "ksm: {run: false}\n"),
	 "k.yaml:2:1: a second document starts here\n"
	 "---\n"
	 "^",
	 "one file is one document: remove this '---'"},
	{"text after the end",
	 TEXT("ksm: {run: true}\n"
	 "...\n"
	 "ksm: {run: false}\n"),
	 "k.yaml:3:1: this does not belong to what stands above it\n"
	 "ksm: {run: false}\n"
	 "^",
	 "indent all keys of one section by the same number of spaces"},
	{"a key that is a list",
	 TEXT("[a, b]: c\n"),
	 "k.yaml:1:1: a key must be a word, not a list or a mapping\n"
	 "[a, b]: c\n"
	 "^",
	 NULL},
	{"a NUL byte",
	 TEXT("ksm:\n"
	 "  run: t\000rue\n"),
	 "k.yaml:2:9: a NUL byte: this is not a text file\n"
	 "  run: t\n"
	 "        ^",
	 "save the file as UTF-8 text"},
	{"not UTF-8",
	 TEXT("bridge:\n"
	 "  name: br\344\n"),
	 "k.yaml:2:11: this is not UTF-8 text\n"
	 "  name: br?\n"
	 "          ^",
	 "save the file as UTF-8 (iconv -f latin1 -t utf-8 converts it)"},
	{"an overlong UTF-8 form",
	 TEXT("bridge: {name: \300\257}\n"),
	 "k.yaml:1:16: this is not UTF-8 text\n"
	 "bridge: {name: ??}\n"
	 "               ^",
	 "save the file as UTF-8 (iconv -f latin1 -t utf-8 converts it)"},
	{"UTF-16",
	 TEXT("\377\376k\000s\000m\000:\000"),
	 "k.yaml: this is UTF-16, not UTF-8 text",
	 "convert it: iconv -f utf-16 -t utf-8"},
	{"an escape sequence for the terminal",
	 TEXT("bridge: {name: \033[31mbr0}\n"),
	 "k.yaml:1:16: character U+001B is not allowed here\n"
	 "bridge: {name: ?[31mbr0}\n"
	 "               ^",
	 NULL},
	{"an escape sequence by YAML's escape",
	 TEXT("bridge: {name: \"\\e[31mbr0\"}\n"),
	 "k.yaml:1:16: 'bridge.name' cannot be '?[31mbr0': a link name has only letters, digits and . _ - + @ here\n"
	 "bridge: {name: \"\\e[31mbr0\"}\n"
	 "               ^",
	 NULL},
	{"a lone carriage return",
	 TEXT("ksm:\r  run: true\r"),
	 "k.yaml:1:5: a carriage return without a newline\n"
	 "ksm:\n"
	 "    ^",
	 "end lines with LF or CR LF"},
	{"an unusual line break",
	 TEXT("ksm: # one\342\200\250  run: true\n"),
	 "k.yaml:1:11: character U+2028 is not allowed here\n"
	 "ksm: # one?  run: true\n"
	 "          ^",
	 NULL},
	{"a column behind wide characters",
	 TEXT("bridge: {name: b\303\274cke, stp: vielleicht}\n"),
	 "k.yaml:1:16: 'bridge.name' cannot be 'b\303\274cke': a link name has only letters, digits and . _ - + @ here\n"
	 "bridge: {name: b\303\274cke, stp: vielleicht}\n"
	 "               ^",
	 NULL},
	{"brackets without end",
	 TEXT("[[[[[[[[[[[[[[[[[[[[\n"),
	 "k.yaml:1:17: nested more than 16 levels deep\n"
	 "[[[[[[[[[[[[[[[[[[[[\n"
	 "                ^",
	 NULL},
	{"an unknown section",
	 TEXT("bridges:\n"
	 "  stp: true\n"),
	 "k.yaml:1:1: unknown key 'bridges'\n"
	 "bridges:\n"
	 "^",
	 "did you mean 'bridge'?"},
	{"an unknown key",
	 TEXT("hugepages:\n"
	 "  pools:\n"
	 "  - size: 2M\n"
	 "    cuont: 5\n"),
	 "k.yaml:4:5: unknown key 'cuont'\n"
	 "    cuont: 5\n"
	 "    ^",
	 "did you mean 'count'?"},
	{"an unknown key far from all",
	 TEXT("bridge:\n"
	 "  zzz: 5\n"),
	 "k.yaml:2:3: unknown key 'zzz'\n"
	 "  zzz: 5\n"
	 "  ^",
	 "known here: name, port, address, stp, activate, confirm, confirm_timeout"},
	{"a key of another section",
	 TEXT("bridge:\n"
	 "  pages_to_scan: 5\n"),
	 "k.yaml:2:3: unknown key 'pages_to_scan'\n"
	 "  pages_to_scan: 5\n"
	 "  ^",
	 "'pages_to_scan' belongs below 'ksm'"},
	{"a section inside a section",
	 TEXT("bridge:\n"
	 "  ksm: {run: true}\n"),
	 "k.yaml:2:3: unknown key 'ksm'\n"
	 "  ksm: {run: true}\n"
	 "  ^",
	 "'ksm' is a section: it starts at the left edge"},
	{"a dotted key in the file",
	 TEXT("bridge.stp: true\n"),
	 "k.yaml:1:1: unknown key 'bridge.stp'\n"
	 "bridge.stp: true\n"
	 "^",
	 "in a file each '.' is a level: the next key goes below, indented"},
	{"a duplicate key",
	 TEXT("bridge:\n"
	 "  stp: true\n"
	 "  name: br0\n"
	 "  stp: false\n"),
	 "k.yaml:4:3: duplicate key 'stp'\n"
	 "  stp: false\n"
	 "  ^",
	 "it is already given in line 2"},
	{"a duplicate section",
	 TEXT("ksm: {run: true}\n"
	 "bridge: {}\n"
	 "ksm: {run: false}\n"),
	 "k.yaml:3:1: duplicate key 'ksm'\n"
	 "ksm: {run: false}\n"
	 "^",
	 "it is already given in line 1"},
	{"a duplicate in braces",
	 TEXT("numa: {balancing: on, balancing: off}\n"),
	 "k.yaml:1:23: duplicate key 'balancing'\n"
	 "numa: {balancing: on, balancing: off}\n"
	 "                      ^",
	 "it is already given in line 1"},
	{"a word instead of everything",
	 TEXT("hello\n"),
	 "k.yaml:1:1: a configuration is sections: 'bridge:' and so on, with 'key: value' lines below\n"
	 "hello\n"
	 "^",
	 NULL},
	{"a list instead of everything",
	 TEXT("- bridge\n"),
	 "k.yaml:1:1: a configuration is sections: 'bridge:' and so on, with 'key: value' lines below\n"
	 "- bridge\n"
	 "^",
	 NULL},
	{"a list instead of a section",
	 TEXT("bridge: [br0]\n"),
	 "k.yaml:1:9: 'bridge' must be a mapping ('key: value' lines), not a list\n"
	 "bridge: [br0]\n"
	 "        ^",
	 NULL},
	{"a mapping instead of a word",
	 TEXT("bridge:\n"
	 "  name: {br0: 1}\n"),
	 "k.yaml:2:9: 'bridge.name' must be one word (link name), not a mapping\n"
	 "  name: {br0: 1}\n"
	 "        ^",
	 NULL},
	{"a list instead of a boolean",
	 TEXT("ksm:\n"
	 "  run: [true]\n"),
	 "k.yaml:2:8: 'ksm.run' must be true or false, not a list\n"
	 "  run: [true]\n"
	 "       ^",
	 NULL},
	{"a word instead of a list",
	 TEXT("modules:\n"
	 "  load: kvm\n"),
	 "k.yaml:2:9: 'modules.load' must be a list, not 'kvm'\n"
	 "  load: kvm\n"
	 "        ^",
	 "a list of one is written [kvm]"},
	{"a mapping in a list",
	 TEXT("modules:\n"
	 "  load: [{kvm: 1}]\n"),
	 "k.yaml:2:10: 'modules.load' must be one word (module name), not a mapping\n"
	 "  load: [{kvm: 1}]\n"
	 "         ^",
	 NULL},
	{"nothing where a value must be",
	 TEXT("bridge:\n"
	 "  name:\n"
	 "  stp: true\n"),
	 "k.yaml:2:8: 'bridge.name' has no value\n"
	 "  name:\n"
	 "       ^",
	 "leave the key out for its default, br0"},
	{"nothing where a number must be",
	 TEXT("bridge: {confirm_timeout: ~}\n"),
	 "k.yaml:1:27: 'bridge.confirm_timeout' has no value\n"
	 "bridge: {confirm_timeout: ~}\n"
	 "                          ^",
	 "leave the key out for its default, 120"},
	{"not a boolean",
	 TEXT("bridge:\n"
	 "  stp: maybe\n"),
	 "k.yaml:2:8: 'bridge.stp' must be true or false, not 'maybe'\n"
	 "  stp: maybe\n"
	 "       ^",
	 NULL},
	{"not a number",
	 TEXT("ksm:\n"
	 "  pages_to_scan: many\n"),
	 "k.yaml:2:18: 'ksm.pages_to_scan' must be a whole number from 1 to 1000000 pages, not 'many'\n"
	 "  pages_to_scan: many\n"
	 "                 ^",
	 NULL},
	{"a negative number",
	 TEXT("ksm:\n"
	 "  sleep_millisecs: -1\n"),
	 "k.yaml:2:20: 'ksm.sleep_millisecs' must be a whole number from 0 to 3600000 milliseconds, not '-1'\n"
	 "  sleep_millisecs: -1\n"
	 "                   ^",
	 NULL},
	{"a fraction",
	 TEXT("ksm: {pages_to_scan: 2.5}\n"),
	 "k.yaml:1:22: 'ksm.pages_to_scan' must be a whole number from 1 to 1000000 pages, not '2.5'\n"
	 "ksm: {pages_to_scan: 2.5}\n"
	 "                     ^",
	 NULL},
	{"a number too large",
	 TEXT("bridge:\n"
	 "  confirm_timeout: 86400\n"),
	 "k.yaml:2:20: 'bridge.confirm_timeout' must be a whole number from 5 to 3600 seconds, not '86400'\n"
	 "  confirm_timeout: 86400\n"
	 "                   ^",
	 NULL},
	{"a number beyond all numbers",
	 TEXT("ksm: {pages_to_scan: 99999999999999999999}\n"),
	 "k.yaml:1:22: 'ksm.pages_to_scan' must be a whole number from 1 to 1000000 pages, not '99999999999999999999'\n"
	 "ksm: {pages_to_scan: 99999999999999999999}\n"
	 "                     ^",
	 NULL},
	{"a misspelt choice",
	 TEXT("grub:\n"
	 "  transparent_hugepage: madvice\n"),
	 "k.yaml:2:25: 'grub.transparent_hugepage' must be always, madvise or never, not 'madvice'\n"
	 "  transparent_hugepage: madvice\n"
	 "                        ^",
	 "did you mean 'madvise'?"},
	{"a choice that is none",
	 TEXT("grub:\n"
	 "  iommu: maybe\n"),
	 "k.yaml:2:10: 'grub.iommu' must be auto, on, pt or off, not 'maybe'\n"
	 "  iommu: maybe\n"
	 "         ^",
	 NULL},
	{"a boolean where it is no choice",
	 TEXT("grub:\n"
	 "  transparent_hugepage: on\n"),
	 "k.yaml:2:25: 'grub.transparent_hugepage' must be always, madvise or never, not 'on'\n"
	 "  transparent_hugepage: on\n"
	 "                        ^",
	 NULL},
	{"a page size that is none",
	 TEXT("hugepages:\n"
	 "  default_size: 4K\n"),
	 "k.yaml:2:17: 'hugepages.default_size' must be auto, 2M or 1G, not '4K'\n"
	 "  default_size: 4K\n"
	 "                ^",
	 NULL},
	{"a pool without size",
	 TEXT("hugepages:\n"
	 "  pools:\n"
	 "    - {count: 5}\n"),
	 "k.yaml:3:7: a pool needs its page 'size', 2M or 1G\n"
	 "    - {count: 5}\n"
	 "      ^",
	 NULL},
	{"a pool of a wrong size",
	 TEXT("hugepages:\n"
	 "  pools:\n"
	 "    - {size: 16M, count: 5}\n"),
	 "k.yaml:3:14: 'hugepages.pools[0].size' must be 2M or 1G, not '16M'\n"
	 "    - {size: 16M, count: 5}\n"
	 "             ^",
	 NULL},
	{"a pool without amount",
	 TEXT("hugepages:\n"
	 "  pools:\n"
	 "    - {size: 2M, mount: /dev/hugepages}\n"),
	 "k.yaml:3:7: a pool needs one of 'count', 'percent' and 'for_guests'\n"
	 "    - {size: 2M, mount: /dev/hugepages}\n"
	 "      ^",
	 NULL},
	{"a pool with two amounts",
	 TEXT("hugepages:\n"
	 "  pools:\n"
	 "    - {size: 2M, count: 5, percent: 10}\n"),
	 "k.yaml:3:28: a pool has 'count' or 'percent', not both\n"
	 "    - {size: 2M, count: 5, percent: 10}\n"
	 "                           ^",
	 NULL},
	{"a pool of all memory",
	 TEXT("hugepages:\n"
	 "  pools:\n"
	 "    - {size: 2M, percent: 100}\n"),
	 "k.yaml:3:27: 'hugepages.pools[0].percent' must be a whole number from 1 to 90 percent, not '100'\n"
	 "    - {size: 2M, percent: 100}\n"
	 "                          ^",
	 NULL},
	{"a pool for no guests",
	 TEXT("hugepages:\n"
	 "  pools:\n"
	 "    - {size: 2M, for_guests: lots}\n"),
	 "k.yaml:3:30: 'hugepages.pools[0].for_guests' must be a size from 2M to 1024T, not 'lots'\n"
	 "    - {size: 2M, for_guests: lots}\n"
	 "                             ^",
	 NULL},
	{"a pool mounted at the root",
	 TEXT("hugepages:\n"
	 "  pools:\n"
	 "    - {size: 2M, count: 5, mount: /}\n"),
	 "k.yaml:3:35: 'hugepages.pools[0].mount' cannot be '/': a mount point is an absolute path below '/'\n"
	 "    - {size: 2M, count: 5, mount: /}\n"
	 "                                  ^",
	 NULL},
	{"a pool mounted nowhere sensible",
	 TEXT("hugepages:\n"
	 "  pools:\n"
	 "    - {size: 2M, count: 5, mount: dev/hugepages}\n"),
	 "k.yaml:3:35: 'hugepages.pools[0].mount' cannot be 'dev/hugepages': a mount point is an absolute path below '/'\n"
	 "    - {size: 2M, count: 5, mount: dev/hugepages}\n"
	 "                                  ^",
	 NULL},
	{"a pool mounted by dots",
	 TEXT("hugepages:\n"
	 "  pools:\n"
	 "    - {size: 2M, count: 5, mount: /dev/../etc}\n"),
	 "k.yaml:3:35: 'hugepages.pools[0].mount' cannot be '/dev/../etc': a mount point has no '//', '.' or '..' in it\n"
	 "    - {size: 2M, count: 5, mount: /dev/../etc}\n"
	 "                                  ^",
	 NULL},
	{"two sizes on one mount",
	 TEXT("hugepages:\n"
	 "  pools:\n"
	 "    - {size: 2M, count: 5, mount: /huge}\n"
	 "    - {size: 1G, count: 5, mount: /huge}\n"),
	 "k.yaml:4:35: 'hugepages.pools.mount' cannot be '/huge': a pool with another page size is mounted there\n"
	 "    - {size: 1G, count: 5, mount: /huge}\n"
	 "                                  ^",
	 NULL},
	{"a node that is none",
	 TEXT("hugepages:\n"
	 "  pools:\n"
	 "    - {size: 2M, count: 5, node: all}\n"),
	 "k.yaml:3:34: 'hugepages.pools[0].node' must be a whole number from 0 to 1023 (a NUMA node), not 'all'\n"
	 "    - {size: 2M, count: 5, node: all}\n"
	 "                                 ^",
	 NULL},
	{"a mapping instead of pools",
	 TEXT("hugepages:\n"
	 "  pools: {size: 2M, count: 5}\n"),
	 "k.yaml:2:10: 'hugepages.pools' must be a list of pools, not a mapping\n"
	 "  pools: {size: 2M, count: 5}\n"
	 "         ^",
	 "begin each pool with '- '"},
	{"a number instead of a pool",
	 TEXT("hugepages:\n"
	 "  pools: [512]\n"),
	 "k.yaml:2:11: 'hugepages.pools[0]' must be a mapping ({size: 2M, count: 512}), not '512'\n"
	 "  pools: [512]\n"
	 "          ^",
	 NULL},
	{"a bridge name too long",
	 TEXT("bridge:\n"
	 "  name: a-name-of-sixteen\n"),
	 "k.yaml:2:9: 'bridge.name' cannot be 'a-name-of-sixteen': a link name has at most 15 characters\n"
	 "  name: a-name-of-sixteen\n"
	 "        ^",
	 NULL},
	{"a bridge name with a slash",
	 TEXT("bridge:\n"
	 "  name: br/0\n"),
	 "k.yaml:2:9: 'bridge.name' cannot be 'br/0': a link name has no '/', ':' or blanks\n"
	 "  name: br/0\n"
	 "        ^",
	 NULL},
	{"a bridge name with a shell in it",
	 TEXT("bridge:\n"
	 "  name: $(reboot)\n"),
	 "k.yaml:2:9: 'bridge.name' cannot be '$(reboot)': a link name has only letters, digits and . _ - + @ here\n"
	 "  name: $(reboot)\n"
	 "        ^",
	 NULL},
	{"a bridge called all",
	 TEXT("bridge: {name: all}\n"),
	 "k.yaml:1:16: 'bridge.name' cannot be 'all': this word means something else where links are named\n"
	 "bridge: {name: all}\n"
	 "               ^",
	 NULL},
	{"a MAC address cut short",
	 TEXT("bridge:\n"
	 "  port: 52:54:00:12:34\n"),
	 "k.yaml:2:9: 'bridge.port' cannot be '52:54:00:12:34': a MAC address reads like '52:54:00:12:34:56'\n"
	 "  port: 52:54:00:12:34\n"
	 "        ^",
	 NULL},
	{"a group's MAC address",
	 TEXT("bridge:\n"
	 "  port: 01:00:5e:00:00:01\n"),
	 "k.yaml:2:9: 'bridge.port' cannot be '01:00:5e:00:00:01': this is a group's MAC address, not a link's\n"
	 "  port: 01:00:5e:00:00:01\n"
	 "        ^",
	 NULL},
	{"a port that is the bridge",
	 TEXT("bridge:\n"
	 "  name: br0\n"
	 "  port: br0\n"),
	 "k.yaml:3:9: 'bridge.port' cannot be 'br0': it is the bridge itself\n"
	 "  port: br0\n"
	 "        ^",
	 NULL},
	{"the loopback as port",
	 TEXT("bridge: {port: lo}\n"),
	 "k.yaml:1:16: 'bridge.port' cannot be 'lo': 'lo' is the loopback link\n"
	 "bridge: {port: lo}\n"
	 "               ^",
	 NULL},
	{"an address without its mapping",
	 TEXT("bridge:\n"
	 "  address: 192.0.2.10/24\n"),
	 "k.yaml:2:12: 'bridge.address' must be inherit, dhcp or a mapping, not '192.0.2.10/24'\n"
	 "  address: 192.0.2.10/24\n"
	 "           ^",
	 "an address of your own: {address: 192.0.2.10/25, gateway: 192.0.2.1}"},
	{"a static address without prefix",
	 TEXT("bridge:\n"
	 "  address: {address: 192.0.2.10, gateway: 192.0.2.1}\n"),
	 "k.yaml:2:22: 'bridge.address.address' cannot be '192.0.2.10': its prefix length is missing (as in 192.0.2.10/24)\n"
	 "  address: {address: 192.0.2.10, gateway: 192.0.2.1}\n"
	 "                     ^",
	 NULL},
	{"a prefix too long",
	 TEXT("bridge:\n"
	 "  address: {address: 192.0.2.10/33}\n"),
	 "k.yaml:2:22: 'bridge.address.address' cannot be '192.0.2.10/33': the prefix length is a number from 1 to 32\n"
	 "  address: {address: 192.0.2.10/33}\n"
	 "                     ^",
	 NULL},
	{"a prefix too long for IPv6",
	 TEXT("bridge:\n"
	 "  address: {address: \"2001:db8::1/129\"}\n"),
	 "k.yaml:2:22: 'bridge.address.address' cannot be '2001:db8::1/129': the prefix length is a number from 1 to 128\n"
	 "  address: {address: \"2001:db8::1/129\"}\n"
	 "                     ^",
	 NULL},
	{"a prefix with a sign",
	 TEXT("bridge:\n"
	 "  address: {address: 192.0.2.10/+24}\n"),
	 "k.yaml:2:22: 'bridge.address.address' cannot be '192.0.2.10/+24': the prefix length is a number from 1 to 32\n"
	 "  address: {address: 192.0.2.10/+24}\n"
	 "                     ^",
	 NULL},
	{"an address that is none",
	 TEXT("bridge:\n"
	 "  address: {address: 192.0.2.256/24}\n"),
	 "k.yaml:2:22: 'bridge.address.address' cannot be '192.0.2.256/24': it is not an IPv4 or IPv6 address\n"
	 "  address: {address: 192.0.2.256/24}\n"
	 "                     ^",
	 NULL},
	{"the network's address",
	 TEXT("bridge:\n"
	 "  address: {address: 192.0.2.0/24}\n"),
	 "k.yaml:2:22: 'bridge.address.address' cannot be '192.0.2.0/24': it is the address of the network itself\n"
	 "  address: {address: 192.0.2.0/24}\n"
	 "                     ^",
	 NULL},
	{"the broadcast address",
	 TEXT("bridge:\n"
	 "  address: {address: 192.0.2.255/24}\n"),
	 "k.yaml:2:22: 'bridge.address.address' cannot be '192.0.2.255/24': it is the network's broadcast address\n"
	 "  address: {address: 192.0.2.255/24}\n"
	 "                     ^",
	 NULL},
	{"a loopback address",
	 TEXT("bridge:\n"
	 "  address: {address: 127.0.0.2/8}\n"),
	 "k.yaml:2:22: 'bridge.address.address' cannot be '127.0.0.2/8': it is the loopback address\n"
	 "  address: {address: 127.0.0.2/8}\n"
	 "                     ^",
	 NULL},
	{"a mapping without address",
	 TEXT("bridge:\n"
	 "  address: {gateway: 192.0.2.1}\n"),
	 "k.yaml:2:12: 'bridge.address' needs an 'address'\n"
	 "  address: {gateway: 192.0.2.1}\n"
	 "           ^",
	 "{address: 192.0.2.10/25, gateway: 192.0.2.1}"},
	{"a gateway of the other family",
	 TEXT("bridge:\n"
	 "  address:\n"
	 "    address: 192.0.2.10/24\n"
	 "    gateway: fe80::1\n"),
	 "k.yaml:4:14: 'bridge.address.gateway' is IPv6, but no address is\n"
	 "    gateway: fe80::1\n"
	 "             ^",
	 NULL},
	{"two gateways of one family",
	 TEXT("bridge:\n"
	 "  address:\n"
	 "    address: 192.0.2.10/24\n"
	 "    gateway: [192.0.2.1, 192.0.2.2]\n"),
	 "k.yaml:4:14: 'bridge.address.gateway' has 2 IPv4 gateways: there can be one\n"
	 "    gateway: [192.0.2.1, 192.0.2.2]\n"
	 "             ^",
	 NULL},
	{"a gateway that is the host",
	 TEXT("bridge:\n"
	 "  address: {address: 192.0.2.10/24, gateway: 192.0.2.10}\n"),
	 "k.yaml:2:46: 'bridge.address.gateway' is the host's own address\n"
	 "  address: {address: 192.0.2.10/24, gateway: 192.0.2.10}\n"
	 "                                             ^",
	 NULL},
	{"a gateway with a prefix",
	 TEXT("bridge:\n"
	 "  address: {address: 192.0.2.10/24, gateway: 192.0.2.1/24}\n"),
	 "k.yaml:2:46: 'bridge.address.gateway' cannot be '192.0.2.1/24': no prefix length belongs here\n"
	 "  address: {address: 192.0.2.10/24, gateway: 192.0.2.1/24}\n"
	 "                                             ^",
	 NULL},
	{"a name server that is a name",
	 TEXT("bridge:\n"
	 "  address: {address: 192.0.2.10/24, dns: [dns.example]}\n"),
	 "k.yaml:2:43: 'bridge.address.dns' cannot be 'dns.example': it is not an IPv4 or IPv6 address\n"
	 "  address: {address: 192.0.2.10/24, dns: [dns.example]}\n"
	 "                                          ^",
	 NULL},
	{"a misspelt key of an address",
	 TEXT("bridge:\n"
	 "  address: {adress: 192.0.2.10/24}\n"),
	 "k.yaml:2:13: unknown key 'adress'\n"
	 "  address: {adress: 192.0.2.10/24}\n"
	 "            ^",
	 "did you mean 'address'?"},
	{"a module name with a dot",
	 TEXT("modules:\n"
	 "  load: [kvm, kvm.ko]\n"),
	 "k.yaml:2:15: 'modules.load' cannot be 'kvm.ko': a module name has only letters, digits, '_' and '-'\n"
	 "  load: [kvm, kvm.ko]\n"
	 "              ^",
	 NULL},
	{"a module named twice",
	 TEXT("modules:\n"
	 "  load: [kvm-intel, kvm_intel]\n"),
	 "k.yaml:2:21: 'modules.load' cannot be 'kvm_intel': it is already in this list\n"
	 "  load: [kvm-intel, kvm_intel]\n"
	 "                    ^",
	 NULL},
	{"a required module that is not loaded",
	 TEXT("modules:\n"
	 "  load: [kvm]\n"
	 "  require: [kvm, vhost_nte]\n"),
	 "k.yaml:3:18: 'modules.require' cannot be 'vhost_nte': it is not in 'modules.load'\n"
	 "  require: [kvm, vhost_nte]\n"
	 "                 ^",
	 NULL},
	{"a module option without module",
	 TEXT("modules:\n"
	 "  options: {nested: 1}\n"),
	 "k.yaml:2:21: 'modules.options.nested' must be a mapping, NAME: VALUE, not '1'\n"
	 "  options: {nested: 1}\n"
	 "                    ^",
	 NULL},
	{"a module option with a blank",
	 TEXT("modules:\n"
	 "  options:\n"
	 "    kvm: {x: \"1 y=2\"}\n"),
	 "k.yaml:3:14: 'modules.options.kvm.x' cannot be '1 y=2': a module parameter cannot hold blanks, quotes, '\\' or '#'\n"
	 "    kvm: {x: \"1 y=2\"}\n"
	 "             ^",
	 NULL},
	{"a module option with two lines",
	 TEXT("modules:\n"
	 "  options:\n"
	 "    kvm: {x: \"1\\ninstall kvm /bin/sh\"}\n"),
	 "k.yaml:3:14: 'modules.options.kvm.x' cannot be '1?install kvm /bin/sh': a module parameter cannot hold blanks, quotes, '\\' or '#'\n"
	 "    kvm: {x: \"1\\ninstall kvm /bin/sh\"}\n"
	 "             ^",
	 NULL},
	{"a module option with a bad name",
	 TEXT("modules:\n"
	 "  options:\n"
	 "    kvm: {\"x y\": 1}\n"),
	 "k.yaml:3:11: 'modules.options' cannot have 'x y': a parameter name has only letters, digits, '_', '-' and '.'\n"
	 "    kvm: {\"x y\": 1}\n"
	 "          ^",
	 NULL},
	{"two arguments in one",
	 TEXT("grub:\n"
	 "  extra: [\"quiet splash\"]\n"),
	 "k.yaml:2:11: 'grub.extra' cannot be 'quiet splash': give each argument as an item of its own (blanks only inside \"...\")\n"
	 "  extra: [\"quiet splash\"]\n"
	 "          ^",
	 NULL},
	{"an argument with a newline",
	 TEXT("grub:\n"
	 "  extra: [\"quiet\\nGRUB_DEFAULT=0\"]\n"),
	 "k.yaml:2:11: 'grub.extra' cannot be 'quiet?GRUB_DEFAULT=0': a kernel argument is one line without control characters\n"
	 "  extra: [\"quiet\\nGRUB_DEFAULT=0\"]\n"
	 "          ^",
	 NULL},
	{"an argument that has its own key",
	 TEXT("grub:\n"
	 "  extra: [hugepages=512]\n"),
	 "k.yaml:2:11: 'grub.extra' cannot be 'hugepages=512': use 'hugepages.pools' for it\n"
	 "  extra: [hugepages=512]\n"
	 "          ^",
	 NULL},
	{"an argument with an open quote",
	 TEXT("grub:\n"
	 "  extra: ['dyndbg=\"x']\n"),
	 "k.yaml:2:11: 'grub.extra' cannot be 'dyndbg=\"x': its double quote is not closed\n"
	 "  extra: ['dyndbg=\"x']\n"
	 "          ^",
	 NULL},
	{"a controller that is none",
	 TEXT("grub:\n"
	 "  cgroup_disable: [memroy]\n"),
	 "k.yaml:2:20: 'grub.cgroup_disable' cannot be 'memroy': it is no cgroup controller that the kernel has\n"
	 "  cgroup_disable: [memroy]\n"
	 "                   ^",
	 "did you mean 'memory'?"},
	{"a sysctl without a name",
	 TEXT("sysctl: 10\n"),
	 "k.yaml:1:9: 'sysctl' must be a mapping, NAME: VALUE, not '10'\n"
	 "sysctl: 10\n"
	 "        ^",
	 NULL},
	{"a sysctl as a tree",
	 TEXT("sysctl:\n"
	 "  vm: {swappiness: 10}\n"),
	 "k.yaml:2:3: 'sysctl' cannot have 'vm': a sysctl name reads like 'vm.swappiness'\n"
	 "  vm: {swappiness: 10}\n"
	 "  ^",
	 "write the whole name: 'vm.NAME: VALUE'"},
	{"a sysctl with empty parts",
	 TEXT("sysctl:\n"
	 "  vm..swappiness: 10\n"),
	 "k.yaml:2:3: 'sysctl' cannot have 'vm..swappiness': a sysctl name has no empty parts\n"
	 "  vm..swappiness: 10\n"
	 "  ^",
	 NULL},
	{"a sysctl that climbs",
	 TEXT("sysctl:\n"
	 "  net/../../etc/passwd: 10\n"),
	 "k.yaml:2:3: 'sysctl' cannot have 'net/../../etc/passwd': a sysctl name has no empty parts\n"
	 "  net/../../etc/passwd: 10\n"
	 "  ^",
	 NULL},
	{"a sysctl pattern",
	 TEXT("sysctl:\n"
	 "  net.ipv4.conf.*.rp_filter: 1\n"),
	 "k.yaml:2:3: 'sysctl' cannot have 'net.ipv4.conf.*.rp_filter': patterns are not supported, name one setting\n"
	 "  net.ipv4.conf.*.rp_filter: 1\n"
	 "  ^",
	 NULL},
	{"a sysctl with two lines",
	 TEXT("sysctl:\n"
	 "  kernel.domainname: \"a\\nb\"\n"),
	 "k.yaml:2:22: 'sysctl.kernel.domainname' cannot be 'a?b': a sysctl value is one line without control characters\n"
	 "  kernel.domainname: \"a\\nb\"\n"
	 "                     ^",
	 NULL},
	{"a sysctl with a list",
	 TEXT("sysctl:\n"
	 "  net.ipv4.tcp_rmem: [4096, 87380, 6291456]\n"),
	 "k.yaml:2:22: 'sysctl.net.ipv4.tcp_rmem' must be one value, not a list\n"
	 "  net.ipv4.tcp_rmem: [4096, 87380, 6291456]\n"
	 "                     ^",
	 "several numbers are one text: \"4096 87380\""},
	{"a sysctl without value",
	 TEXT("sysctl:\n"
	 "  vm.swappiness:\n"),
	 "k.yaml:2:17: 'sysctl.vm.swappiness' must be one value, not nothing\n"
	 "  vm.swappiness:\n"
	 "                ^",
	 NULL},
	{"a sysctl that has its own key",
	 TEXT("sysctl:\n"
	 "  vm.nr_hugepages: 512\n"),
	 "k.yaml:2:3: 'sysctl' cannot have 'vm.nr_hugepages': use 'hugepages.pools' for it\n"
	 "  vm.nr_hugepages: 512\n"
	 "  ^",
	 NULL},
	{"a check id that is none",
	 TEXT("report:\n"
	 "  require: [aes]\n"),
	 "k.yaml:2:13: 'report.require' cannot be 'aes': the id of a check reads like 'cpu.aes' (see 'kvmhost report')\n"
	 "  require: [aes]\n"
	 "            ^",
	 NULL},
	{"on in a list of ids",
	 TEXT("report:\n"
	 "  require: [on]\n"),
	 "k.yaml:2:13: 'report.require' cannot be 'on': the id of a check reads like 'cpu.aes' (see 'kvmhost report')\n"
	 "  require: [on]\n"
	 "            ^",
	 NULL},
	{"persist misspelt",
	 TEXT("ksm: {persist: rclocal}\n"),
	 "k.yaml:1:16: 'ksm.persist' must be rc.local or tmpfiles, not 'rclocal'\n"
	 "ksm: {persist: rclocal}\n"
	 "               ^",
	 "did you mean 'rc.local'?"},
	{"a pool with reserve now",
	 TEXT("hugepages:\n"
	 "  pools:\n"
	 "    - size: 1G\n"
	 "      count: 4\n"
	 "      reserve: now\n"),
	 "k.yaml:5:16: 'hugepages.pools[0].reserve' must be auto, boot or runtime, not 'now'\n"
	 "      reserve: now\n"
	 "               ^",
	 NULL},
};
/* clang-format on */

static void expect(const char *name, const char *what, const char *expected, const char *found)
{
	const char *wanted = expected ? expected : "(none)", *got = found ? found : "(none)";
	if (strcmp(wanted, got) != 0)
		fail_msg("%s: %s\n-- expected --\n%s\n-- found --\n%s", name, what, wanted, got);
}

static void every_mistake_is_named_with_its_place_and_what_to_do(void **state)
{
	(void)state;
	for (size_t i = 0; i < KH_COUNT(rows); i++) {
		kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
		kh_auto(kh_config_done) struct kh_config config = {0};
		int outcome = kh_config_load_text("k.yaml", rows[i].text, rows[i].length, NULL,
						  &config, &err);
		if (outcome == 0)
			fail_msg("%s: accepted", rows[i].name);
		assert_int_equal(err.code, KH_CONFIG);
		expect(rows[i].name, "message", rows[i].message, err.message);
		expect(rows[i].name, "hint", rows[i].hint, err.hint);
	}
}

/* Is there a wide character in the first line? What the configuration has there is quoted: 'ä'. */
static bool has_chinese(const char *text)
{
	for (size_t length; *text && *text != '\n'; text += length)
		if (kh_columns_at(text, &length) == 2)
			return true;
	return false;
}

/* The caret line is under the column that the message names. */
static void the_caret_is_under_the_column(void **state)
{
	(void)state;
	for (size_t i = 0; i < KH_COUNT(rows); i++) {
		int line, column;
		const char *caret = strrchr(rows[i].message, '\n');
		if (sscanf(rows[i].message, "k.yaml:%d:%d:", &line, &column) != 2)
			continue;
		assert_non_null(caret);
		assert_int_equal(strlen(caret), column + 1);
		assert_string_equal(caret + strlen(caret) - 1, "^");
	}
}

/* The first line and the hint are said to a reader; the lines shown are the reader's own. */
static void every_mistake_is_said_in_the_readers_language(void **state)
{
	(void)state;
	if (!start_catalogue())
		skip();
	for (size_t i = 0; i < KH_COUNT(rows); i++) {
		kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
		kh_auto(kh_config_done) struct kh_config config = {0};
		assert_int_not_equal(kh_config_load_text("k.yaml", rows[i].text, rows[i].length,
							 NULL, &config, &err),
				     0);
		expect(rows[i].name, "message", rows[i].message, err.message);
		const char *shown = kh_translated(err.message);
		if (!has_chinese(shown))
			fail_msg("%s: stays English: %s", rows[i].name, shown);
		expect(rows[i].name, "what is shown", strchr(err.message, '\n'),
		       strchr(shown, '\n'));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_mistake_is_named_with_its_place_and_what_to_do),
		cmocka_unit_test(the_caret_is_under_the_column),
		cmocka_unit_test_teardown(every_mistake_is_said_in_the_readers_language,
					  end_catalogue),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
