/* report_read.h - reports of other hosts and other days: JSON files that may hold anything.
 *
 * What is read here has the members that every report has, with the types they must have; the rest
 * ("machine" and what later versions add) may be missing and is looked at with the functions below,
 * which give nothing for what is not as expected.
 */
#ifndef KH_REPORT_READ_H
#define KH_REPORT_READ_H

#include <jansson.h>

#include "core/base/error.h"

/* The report in a file of this machine ("-": standard input). A new reference in *ret_document.
 * Errors: KH_SYSTEM when it cannot be read; KH_USAGE when it is no report, as "FILE:LINE:COLUMN:
 * what", "FILE:LINE: what", or that it is empty. */
int kh_report_read(const char *host_path, json_t **ret_document, struct kh_error *err);
/* The same from a text; name: of the file, for messages. */
int kh_report_read_text(const char *name, const char *text, size_t length, json_t **ret_document,
			struct kh_error *err);

/* Below object, along "a.b.c"; NULL when anything on the way is missing or no object. */
json_t *kh_report_at(const json_t *object, const char *path);
/* A text there, or NULL. */
const char *kh_report_text_at(const json_t *object, const char *path);
/* A number there, or -1. */
long long kh_report_number_at(const json_t *object, const char *path);

#endif
