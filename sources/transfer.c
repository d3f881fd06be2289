/* transfer.c - starting kvmhost-fetch and believing it; see transfer.h and fetch/job.h. */
#include "sources/transfer.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/progress.h"
#include "core/base/stop.h"
#include "sources/transfer_start.h"
#include "sources/transfer_work.h"

enum { LINE_BYTES = 1 << 20, TEXT_BYTES = 8192, WAIT_MS = 200 };

struct talk { /* with one worker */
	const struct kh_making *making;
	const struct kh_transfer *transfer;
	struct kh_transfer_work *work;
	pid_t pid;
	int fd;         /* both ways: the job goes in, then events come out */
	json_t *last;   /* result or error event */
	char *muttered; /* the last line that is no event: the loader's, a sanitizer's */
};

static int stop(struct talk *talk)
{
	int status = -1;
	if (talk->pid <= 0)
		return status;
	kill(-talk->pid, SIGKILL); /* it has ended; what it started has to, too */
	while (waitpid(talk->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	talk->pid = 0;
	return status;
}

static void talk_done(struct talk *talk)
{
	stop(talk);
	kh_close(&talk->fd);
	json_decref(talk->last);
	kh_free(&talk->muttered);
}

/* ---- the job ---- */

static json_t *list_of(const struct kh_strv *list)
{
	json_t *array = json_array();
	for (size_t i = 0; list && i < list->count; i++)
		json_array_append_new(array, kh_json_text(list->items[i]));
	return array;
}

static json_t *numbers_of(const int *numbers, size_t count)
{
	json_t *array = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, json_integer(numbers[i]));
	return array;
}

static json_t *limits_of(const struct kh_transfer_limits *limits)
{
	const struct {
		const char *name;
		long long value;
	} all[] = {
		{"stall_ms", limits->stall_ms},
		{"retry_ms", limits->retry_ms},
		{"download_bytes", limits->download_bytes},
		{"unpacked_bytes", limits->unpacked_bytes},
		{"entries", limits->entries},
	};
	json_t *object = json_object();
	for (size_t i = 0; i < KH_COUNT(all); i++)
		if (all[i].value > 0)
			json_object_set_new(object, all[i].name, json_integer(all[i].value));
	return object;
}

static json_t *job_of(const struct kh_transfer *transfer, const struct kh_transfer_work *work)
{
	json_t *job = json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:I, s:b, s:b, s:b}", "name",
		kh_json_text(transfer->name), "sha256", kh_json_text(transfer->sha256), "urls",
		list_of(transfer->urls), "signature_urls", list_of(transfer->signature_urls),
		"limits", limits_of(&transfer->limits), "size_bytes",
		(json_int_t)transfer->size_bytes, "unpacks", transfer->tree != NULL, "keeps_top",
		transfer->keeps_top, "is_signature_of_tar", transfer->is_signature_of_tar);
	json_t *fds = json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:o, s:o}", "work_fd", work->fd,
				"partial_fd", work->partial_fd, "validator_fd", work->validator_fd,
				"kept_fd", work->kept_fd, "keyring_fd", work->keyring_fd,
				"kept_signature_fd", work->signature_fd, "url_fds",
				numbers_of(work->url_fds, work->url_count), "signature_fds",
				numbers_of(work->signature_fds, work->signature_count));
	json_object_update(job, fds);
	json_decref(fds);
	return job;
}

/* A worker that could not be started does not read: that shows at the end. */
static void send_job(const struct talk *talk)
{
	json_t *job = job_of(talk->transfer, talk->work);
	kh_auto(kh_free) char *text = json_dumps(job, JSON_COMPACT);
	json_decref(job);
	size_t length = strlen(text), sent = 0;
	while (sent < length) {
		ssize_t got = send(talk->fd, text + sent, length - sent, MSG_NOSIGNAL);
		if (got < 0 && errno != EINTR)
			break;
		sent += got > 0 ? (size_t)got : 0;
	}
	shutdown(talk->fd, SHUT_WR);
}

/* ---- events ---- */

/* Text of the worker for the operator's eyes: it has read what strangers wrote. */
static char *cleaned(const char *text)
{
	struct kh_str clean = {0};
	for (; *text && clean.length < TEXT_BYTES; text++) {
		char byte = (unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text;
		kh_str_add_bytes(&clean, &byte, 1);
	}
	return kh_str_take(&clean);
}

static void tell(const struct talk *talk, enum kh_event_kind kind, const char *text,
		 const json_t *event)
{
	const struct kh_making *making = talk->making;
	long long done = json_integer_value(json_object_get(event, "done"));
	long long of = json_integer_value(json_object_get(event, "of"));
	if (!making->sink)
		return;
	const struct kh_event told = {
		.kind = kind,
		.stage = making->stage,
		.text = text,
		.index = done > 0 ? (size_t)done : 0,
		.count = of > 0 ? (size_t)of : 0,
		.unit = kind == KH_EVENT_PROGRESS ? "bytes" : NULL,
	};
	making->sink->event(making->sink, &told);
}

static void hear(struct talk *talk, const char *line)
{
	json_t *event = json_loads(line, 0, NULL);
	const char *name = kh_json_get(event, "event");
	if (!event) {
		kh_free(&talk->muttered);
		talk->muttered = cleaned(line);
	} else if (strcmp(name, "progress") == 0) {
		tell(talk, KH_EVENT_PROGRESS, talk->transfer->name, event);
	} else if (strcmp(name, "note") == 0) {
		kh_auto(kh_free) char *text = kh_json_take_message(event, "text", cleaned);
		tell(talk, KH_EVENT_NOTE, text, NULL);
	} else if (strcmp(name, "kept is wrong") == 0) {
		kh_transfer_work_drop_kept(talk->work);
	} else if (strcmp(name, "result") == 0 || strcmp(name, "error") == 0) {
		json_decref(talk->last);
		talk->last = json_incref(event);
	}
	json_decref(event);
}

/* Until there is something to read. Returns false when somebody wants to stop. */
static bool wait_for_words(const struct talk *talk)
{
	struct pollfd waiting = {.fd = talk->fd, .events = POLLIN};
	while (!kh_stop_is_wanted()) {
		int ready = poll(&waiting, 1, WAIT_MS);
		if (ready > 0 || (ready < 0 && errno != EINTR))
			return true;
		kh_progress_tick();
	}
	return false;
}

/* All it says, until it has nothing more to say. */
static void listen_to(struct talk *talk)
{
	char block[16384];
	kh_auto(kh_str_done) struct kh_str text = {0};
	while (wait_for_words(talk)) {
		ssize_t got = read(talk->fd, block, sizeof(block));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		for (ssize_t i = 0; i < got; i++) {
			if (block[i] != '\n' && text.length < LINE_BYTES) {
				kh_str_add_bytes(&text, &block[i], 1);
				continue;
			}
			hear(talk, kh_str_text(&text));
			kh_str_done(&text);
		}
	}
	if (text.length > 0)
		hear(talk, text.text);
}

/* ---- the end ---- */

static enum kh_code code_of(const json_t *event)
{
	json_int_t code = json_integer_value(json_object_get(event, "code"));
	return code > KH_OK && code <= KH_VERIFY ? (enum kh_code)code : KH_SYSTEM;
}

static int take_error(const struct talk *talk, struct kh_error *err)
{
	kh_auto(kh_free) char *message = kh_json_take_message(talk->last, "message", cleaned);
	kh_auto(kh_free) char *hint = kh_json_take_message(talk->last, "hint", cleaned);
	kh_fail(err, code_of(talk->last), 0, "fetch %s", message);
	if (hint[0])
		kh_hint(err, "%s", hint);
	if (err->code == KH_HOST)
		kh_transfer_work_drop_kept(talk->work);
	return json_is_true(json_object_get(talk->last, "is_absent")) ? 1 : -1;
}

static int fail_silent(const struct talk *talk, int status, struct kh_error *err)
{
	const char *said = talk->muttered ? talk->muttered : "it said nothing";
	if (WIFSIGNALED(status))
		return kh_fail(err, KH_PROGRAM, 0, "'kvmhost-fetch' was ended by signal %d: %s",
			       WTERMSIG(status), said);
	return kh_fail(err, KH_PROGRAM, 0, "'kvmhost-fetch' ended with status %d: %s",
		       WEXITSTATUS(status), said);
}

static char *text_or_null(const json_t *event, const char *key)
{
	const char *text = kh_json_get(event, key);
	return text[0] ? cleaned(text) : NULL;
}

static int take_result(struct talk *talk, struct kh_transfer_result *ret_result,
		       struct kh_error *err)
{
	const json_t *event = talk->last;
	bool is_new = strcmp(kh_json_get(event, "from"), "kept") != 0;
	if (kh_transfer_work_publish(talk->work, kh_json_get(event, "top"), is_new, err) != 0)
		return -1;
	if (!ret_result)
		return 0;
	*ret_result = (struct kh_transfer_result){
		.signer = text_or_null(event, "signer"),
		.size_bytes = json_integer_value(json_object_get(event, "size_bytes")),
		.url = text_or_null(event, "url"),
	};
	size_t i;
	json_t *name;
	json_array_foreach(json_object_get(event, "confined"), i, name) if (json_is_string(name))
		kh_strv_add_owned(&ret_result->confined, cleaned(json_string_value(name)));
	return 0;
}

int kh_transfer_run(const struct kh_making *making, const struct kh_transfer *transfer,
		    struct kh_transfer_result *ret_result, struct kh_error *err)
{
	kh_auto(kh_transfer_work_close) struct kh_transfer_work work = {0};
	if (kh_transfer_work_open(transfer, &work, err) != 0)
		return -1;
	kh_auto(talk_done) struct talk talk = {
		.making = making, .transfer = transfer, .work = &work, .fd = -1};
	if (kh_transfer_start(transfer, &work, &talk.pid, &talk.fd, err) != 0)
		return -1;
	send_job(&talk);
	listen_to(&talk);
	int status = stop(&talk);
	if (kh_stop_check(err) != 0)
		return kh_wrap(err, "fetch %s", transfer->name);
	bool is_result = talk.last && strcmp(kh_json_get(talk.last, "event"), "result") == 0;
	if (is_result && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return take_result(&talk, ret_result, err);
	return talk.last && !is_result ? take_error(&talk, err) : fail_silent(&talk, status, err);
}

void kh_transfer_result_done(struct kh_transfer_result *result)
{
	kh_free(&result->signer);
	kh_free(&result->url);
	kh_strv_done(&result->confined);
}
