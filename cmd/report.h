/* report.h - what the parts of `kvmhost report` and `kvmhost compare` share.
 *
 * The JSON document (docs/report.md) is the middle: cmd_report.c makes it from the checks and from
 * report_machine.c; report_html.c draws it; compare reads several.
 */
#ifndef KH_CMD_REPORT_H
#define KH_CMD_REPORT_H

#include <jansson.h>

#include "cmd/cmd.h"

/* What --format takes; NULL-terminated. */
extern const char *const kh_report_formats[];

/* The document's "machine": facts, topology, boot menu, programs, builds. Reads some hundred small
 * files and, on the running machine, asks QEMU and libvirt for their versions where no package
 * database tells them. A new reference. */
json_t *kh_report_machine(const struct kh_session *session);

/* The page: one file, complete in itself. Anything that is missing in the document, or of another
 * type than expected, is left out. Owned. */
char *kh_report_html(const json_t *document);

/* Put a result where --output says (NULL or "-": standard output). A file appears whole or not at
 * all, and keeps owner, mode and attributes of the one that is there, as a link to it stays; what
 * is no regular file (a pipe, /dev/null) is written to. */
int kh_report_put(const char *host_path, const char *text, struct kh_error *err);

#endif
