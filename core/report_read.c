/* report_read.c - see report_read.h. */
#include "core/report_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/report.h"

enum { MOST_BYTES = 64 << 20 };

static const char how[] = "'kvmhost report --json > FILE' writes a report";

/* ---- where in the text a member stands: jansson does not keep that ---- */

/* Behind the value at text, which is valid JSON (it was parsed already). */
static const char *skip_value(const char *text)
{
	int depth = 0;
	do {
		if (*text == '"')
			for (text++; *text && *text != '"'; text++)
				text += *text == '\\' && text[1];
		else if (*text == '{' || *text == '[')
			depth++;
		else if (*text == '}' || *text == ']')
			depth--;
		text += *text != '\0';
	} while (*text && (depth > 0 || !strchr(",:]} \t\r\n", *text)));
	return text;
}

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, " \t\r\n,:");
}

/* The value of `key` of the object, or the value at `index` of the array (key NULL) at text. */
static const char *find_member(const char *text, const char *key, size_t index)
{
	text = skip_blanks(text);
	text += *text == '{' || *text == '[';
	for (size_t i = 0;; i++) {
		text = skip_blanks(text);
		if (!*text || *text == '}' || *text == ']')
			return NULL;
		if (!key && i == index)
			return text;
		const char *value = key ? skip_blanks(skip_value(text)) : text;
		if (key && strncmp(text + 1, key, strlen(key)) == 0 && text[1 + strlen(key)] == '"')
			return value;
		text = skip_value(value);
	}
}

static int line_of(const char *text, const char *at)
{
	int line = 1;
	for (; at && text < at; text++)
		line += *text == '\n';
	return line;
}

/* ---- is it a report? ---- */

struct reading {
	const char *name, *text;
	struct kh_error *err;
};

static int no_report(const struct reading *reading, const char *at, const char *what)
{
	kh_fail(reading->err, KH_USAGE, 0, "%s:%d: %s", reading->name, line_of(reading->text, at),
		what);
	return kh_hint(reading->err, "%s", how);
}

static int check_top(const struct reading *reading, const json_t *document)
{
	if (!json_is_object(document))
		return no_report(reading, reading->text, "this is no report: not a JSON object");
	const char *at = find_member(reading->text, "schema", 0);
	const json_t *schema = json_object_get(document, "schema");
	if (!json_is_integer(schema))
		return no_report(reading, at, "this is no report: 'schema' is not a number");
	if (json_integer_value(schema) != 1)
		return no_report(reading, at,
				 "this report is of another version: 'schema' is not 1");
	if (!json_is_string(json_object_get(document, "host")))
		return no_report(reading, find_member(reading->text, "host", 0),
				 "this is no report: 'host' is not a text");
	const char *verdict = kh_json_get(document, "verdict");
	if (strcmp(verdict, "ready") != 0 && strcmp(verdict, "not-ready") != 0)
		return no_report(reading, find_member(reading->text, "verdict", 0),
				 "this is no report: 'verdict' is neither ready nor not-ready");
	const json_t *machine = json_object_get(document, "machine");
	if (machine && !json_is_object(machine))
		return no_report(reading, find_member(reading->text, "machine", 0),
				 "this is no report: 'machine' is not an object");
	if (!json_is_array(json_object_get(document, "checks")))
		return no_report(reading, find_member(reading->text, "checks", 0),
				 "this is no report: 'checks' is not a list");
	return 0;
}

static bool is_status(const char *text)
{
	for (int status = KH_PASS; status <= KH_SKIP; status++)
		if (strcmp(text, kh_status_name((enum kh_status)status)) == 0)
			return true;
	return false;
}

/* NULL: it is a check. Owned otherwise. */
static char *check_fault(const json_t *check, size_t index)
{
	static const char *const texts[] = {"expected", "found", "why", "fix", "persisted", "gap"};
	if (!json_is_object(check))
		return kh_printf("checks[%zu] is not an object", index);
	const char *id = kh_json_get(check, "id");
	if (!*id)
		return kh_printf("checks[%zu] has no 'id'", index);
	if (!is_status(kh_json_get(check, "status")))
		return kh_printf("the 'status' of check '%s' is not pass, warn, fail or skip", id);
	for (size_t i = 0; i < KH_COUNT(texts); i++) {
		const json_t *value = json_object_get(check, texts[i]);
		if (value && !json_is_string(value))
			return kh_printf("'%s' of check '%s' is not a text", texts[i], id);
	}
	return NULL;
}

static int check_checks(const struct reading *reading, const json_t *checks)
{
	json_t *seen = json_object();
	size_t index;
	json_t *check;
	int result = 0;
	json_array_foreach(checks, index, check)
	{
		kh_auto(kh_free) char *fault = check_fault(check, index);
		const char *id = kh_json_get(check, "id");
		if (!fault && json_object_get(seen, id))
			fault = kh_printf("check '%s' stands here twice", id);
		if (fault) {
			const char *list = find_member(reading->text, "checks", 0);
			result = no_report(reading, list ? find_member(list, NULL, index) : NULL,
					   fault);
			break;
		}
		json_object_set_new(seen, id, json_true());
	}
	json_decref(seen);
	return result;
}

int kh_report_read_text(const char *name, const char *text, size_t length, json_t **ret_document,
			struct kh_error *err)
{
	json_error_t wrong;
	const struct reading reading = {name, text, err};
	if (text[strspn(text, " \t\r\n")] == '\0' && strlen(text) == length) {
		kh_fail(err, KH_USAGE, 0, "'%s' is empty", name);
		return kh_hint(err, "%s", how);
	}
	json_t *document = json_loadb(text, length, JSON_REJECT_DUPLICATES, &wrong);
	if (!document) {
		kh_fail(err, KH_USAGE, 0, "%s:%d:%d: not JSON: %s", name, wrong.line, wrong.column,
			wrong.text);
		return kh_hint(err, "%s", how);
	}
	if (check_top(&reading, document) != 0 ||
	    check_checks(&reading, json_object_get(document, "checks")) != 0) {
		json_decref(document);
		return -1;
	}
	*ret_document = document;
	return 0;
}

/* ---- files ---- */

static int read_all(int fd, const char *name, struct kh_str *text, struct kh_error *err)
{
	char piece[1 << 14];
	for (;;) {
		ssize_t got = read(fd, piece, sizeof(piece));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return kh_fail(err, KH_SYSTEM, errno, "read '%s'", name);
		if (got == 0)
			return 0;
		if (text->length + (size_t)got > MOST_BYTES)
			return kh_fail(err, KH_USAGE, 0, "'%s' is too long for a report", name);
		kh_str_add_bytes(text, piece, (size_t)got);
	}
}

int kh_report_read(const char *host_path, json_t **ret_document, struct kh_error *err)
{
	bool is_stdin = strcmp(host_path, "-") == 0;
	const char *name = is_stdin ? "(standard input)" : host_path;
	kh_auto(kh_str_done) struct kh_str text = {0};
	kh_auto(kh_close) int fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
					    : open(host_path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return kh_fail(err, KH_SYSTEM, errno, "open '%s'", name);
	if (read_all(fd, name, &text, err) != 0)
		return -1;
	return kh_report_read_text(name, kh_str_text(&text), text.length, ret_document, err);
}

/* ---- looking into one ---- */

json_t *kh_report_at(const json_t *object, const char *path)
{
	json_t *at = (json_t *)(uintptr_t)object;
	while (at && *path) {
		size_t length = strcspn(path, ".");
		kh_auto(kh_free) char *key = kh_strndup(path, length);
		at = json_object_get(at, key);
		path += length + (path[length] == '.');
	}
	return at;
}

const char *kh_report_text_at(const json_t *object, const char *path)
{
	return json_string_value(kh_report_at(object, path));
}

long long kh_report_number_at(const json_t *object, const char *path)
{
	const json_t *value = kh_report_at(object, path);
	return json_is_integer(value) ? json_integer_value(value) : -1;
}
