/* fetch.c - see fetch.h. */
#include "fetch/fetch.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/sys.h"
#include "fetch/archive.h"
#include "fetch/detached.h"
#include "fetch/event.h"

struct fetch {
	const struct kh_job *job;
	struct kh_http *http;
	struct kh_archive archive;
	struct kh_str signature;
	struct kh_strv failures; /* "URL: why" */
	bool has_mismatch;       /* a URL gave an archive that is not the wanted one */
	bool is_all_absent;
	const char *from; /* "kept", "partial", "network", "file" */
	char *url;
};

static void fetch_done(struct fetch *fetch)
{
	kh_archive_done(&fetch->archive);
	kh_http_close(&fetch->http);
	kh_str_done(&fetch->signature);
	kh_strv_done(&fetch->failures);
	kh_free(&fetch->url);
}

static int fail_archive(struct fetch *fetch, struct kh_error *err)
{
	*err = fetch->archive.err;
	fetch->archive.err = (struct kh_error)KH_ERROR_INIT;
	return -1;
}

static int restart(struct fetch *fetch, bool clears_partial, struct kh_error *err)
{
	return kh_archive_restart(&fetch->archive, clears_partial) == 0 ? 0
									: fail_archive(fetch, err);
}

/* ---- what is on this machine already ---- */

/* Returns 0 when it is the wanted archive; 1 when not, everything cleared; -1. */
static int judge_local(struct fetch *fetch, int read_result, struct kh_error *err)
{
	char hex[KH_DIGEST_SIZE];
	struct kh_archive *archive = &fetch->archive;
	if (read_result != 0 && archive->err.code != KH_HOST)
		return fail_archive(fetch, err);
	if (read_result == 0 && kh_intake_is_whole(&archive->intake, hex))
		return 0;
	return 1;
}

static int try_kept(struct fetch *fetch, struct kh_error *err)
{
	const struct kh_job *job = fetch->job;
	if (job->kept_fd < 0)
		return 1;
	fetch->from = "kept";
	int result = judge_local(fetch, kh_archive_read(&fetch->archive, job->kept_fd, false), err);
	if (result <= 0)
		return result;
	kh_event_kept_is_wrong();
	kh_event_note("'%s': the file that was kept is not the wanted one: fetching it anew",
		      job->name);
	return restart(fetch, false, err) == 0 ? 1 : -1;
}

static int try_partial(struct fetch *fetch, struct kh_error *err)
{
	const struct kh_job *job = fetch->job;
	struct kh_archive *archive = &fetch->archive;
	if (job->partial_fd < 0)
		return 1;
	fetch->from = "partial";
	int read_result = kh_archive_read_partial(archive);
	int result = judge_local(fetch, read_result, err);
	if (result <= 0)
		return result;
	bool is_hopeless = read_result != 0 ||
			   (job->size_bytes >= 0 && archive->intake.bytes >= job->size_bytes);
	if (is_hopeless)
		return restart(fetch, true, err) == 0 ? 1 : -1;
	if (archive->intake.bytes > 0)
		kh_event_note("'%s': going on after %lld bytes of an earlier run", job->name,
			      archive->intake.bytes);
	return 1;
}

/* ---- from URLs ---- */

static void note_failure(struct fetch *fetch, const char *url, const char *why)
{
	kh_auto(kh_free) char *shown = kh_get_shown(url);
	kh_strv_addf(&fetch->failures, "%s: %s", shown, why);
}

/* A file may be given again from its start: what came of other places is dropped. */
static enum kh_get_result read_file(struct fetch *fetch, int fd, char **ret_why)
{
	if (fd < 0) {
		*ret_why = kh_strdup(fd == KH_JOB_NO_FILE ? "there is no such file"
							  : "it is no file that can be read");
		return fd == KH_JOB_NO_FILE ? KH_GET_ABSENT : KH_GET_FAILED;
	}
	bool is_read = kh_archive_restart(&fetch->archive, true) == 0 &&
		       kh_archive_read(&fetch->archive, fd, true) == 0;
	return is_read ? KH_GET_DONE : KH_GET_STOPPED;
}

static enum kh_get_result get(struct fetch *fetch, const struct kh_job_url *url, char **ret_why)
{
	bool is_file = strncasecmp(url->url, "file:", 5) == 0;
	const struct kh_get_receiver receiver = kh_archive_receiver(&fetch->archive);
	fetch->from = is_file ? "file" : "network";
	if (is_file)
		return read_file(fetch, url->fd, ret_why);
	return kh_get_run(fetch->http, url->url, &fetch->job->limits, &receiver, ret_why);
}

/* Another archive than the wanted one. Where its parts came from more than one response the parts
 * may not belong together: then it is asked for once more, in one. */
static int drop_mismatch(struct fetch *fetch, const struct kh_job_url *url, const char *hex,
			 bool *ret_tries_again, struct kh_error *err)
{
	*ret_tries_again = fetch->archive.is_mixed;
	if (*ret_tries_again) {
		kh_event_note(
			"'%s': the parts that were put together are not the wanted archive: from the start",
			fetch->job->name);
	} else {
		kh_auto(kh_free) char *why =
			kh_printf("wanted sha256 %s, got %s", fetch->job->sha256, hex);
		note_failure(fetch, url->url, why);
		fetch->has_mismatch = true;
	}
	return restart(fetch, true, err);
}

/* The server has something that cannot be it (too long, another length). */
static int drop_misfit(struct fetch *fetch, const struct kh_job_url *url, struct kh_error *err)
{
	if (fetch->archive.err.code != KH_HOST)
		return fail_archive(fetch, err);
	note_failure(fetch, url->url, fetch->archive.err.message);
	fetch->has_mismatch = true;
	kh_error_done(&fetch->archive.err);
	fetch->archive.err = (struct kh_error)KH_ERROR_INIT;
	return restart(fetch, true, err);
}

/* Returns 0 when it gave the wanted archive, 1 when not, -1 when nothing else can. */
static int try_url(struct fetch *fetch, const struct kh_job_url *url, struct kh_error *err)
{
	char hex[KH_DIGEST_SIZE];
	for (bool tries_again = true; tries_again;) {
		kh_auto(kh_free) char *why = NULL;
		enum kh_get_result got = get(fetch, url, &why);
		fetch->is_all_absent &= got == KH_GET_ABSENT;
		if (got == KH_GET_ABSENT || got == KH_GET_FAILED) {
			note_failure(fetch, url->url, why);
			return 1;
		}
		if (got == KH_GET_STOPPED)
			return drop_misfit(fetch, url, err) == 0 ? 1 : -1;
		if (kh_intake_is_whole(&fetch->archive.intake, hex)) {
			fetch->url = kh_get_shown(url->url);
			return 0;
		}
		if (drop_mismatch(fetch, url, hex, &tries_again, err) != 0)
			return -1;
	}
	return 1;
}

static int fail_all(struct fetch *fetch, struct kh_error *err)
{
	kh_auto(kh_free) char *all = kh_strv_join(&fetch->failures, "; ");
	if (fetch->job->urls.count == 0)
		return kh_fail(err, KH_SYSTEM, 0,
			       "'%s': it is not here, and no URL is known for it",
			       fetch->job->name);
	kh_fail(err, fetch->has_mismatch ? KH_HOST : KH_SYSTEM, 0, "'%s': %s", fetch->job->name,
		all);
	if (fetch->is_all_absent)
		return 1;
	if (fetch->has_mismatch)
		return kh_hint(
			err,
			"the file on the server is not the one that was pinned: check the digest, and who serves it");
	return kh_hint(
		err,
		"check the network, a proxy (http_proxy, https_proxy), for https the clock and ca-certificates, and the mirror in 'sources.provider'; what has come so far is kept");
}

static int try_all(struct fetch *fetch, struct kh_error *err)
{
	const struct kh_job_urls *urls = &fetch->job->urls;
	int result = try_kept(fetch, err);
	if (result == 1)
		result = try_partial(fetch, err);
	if (result == 1 && !fetch->http && kh_http_open(&fetch->http, err) != 0)
		return -1;
	fetch->is_all_absent = true;
	for (size_t i = 0; i < urls->count && result == 1; i++)
		result = try_url(fetch, &urls->items[i], err);
	return result == 1 ? fail_all(fetch, err) : result;
}

/* ---- all of it ---- */

static int prepare_signature(struct fetch *fetch, struct kh_error *err)
{
	const struct kh_job *job = fetch->job;
	if (job->keyring_fd < 0)
		return 0;
	if (kh_signature_put_keyring(job->work_fd, job->keyring_fd, err) != 0 ||
	    kh_detached_get(job, &fetch->http, &fetch->signature, err) != 0)
		return kh_wrap(err, "signature of '%s'", job->name);
	return kh_signature_put(job->work_fd, &fetch->signature, err);
}

static json_t *result_of(const struct fetch *fetch, const struct kh_verdict *verdict)
{
	json_t *confined = json_array();
	for (size_t i = 0; i < verdict->confined.count; i++)
		json_array_append_new(confined, kh_json_text(verdict->confined.items[i]));
	return json_pack("{s:s, s:I, s:o, s:o, s:o, s:I, s:I, s:o}", "from", fetch->from,
			 "size_bytes", (json_int_t)fetch->archive.intake.bytes, "url",
			 kh_json_text(fetch->url), "signer", kh_json_text(verdict->signer), "top",
			 kh_json_text(verdict->extracted.top), "entries",
			 (json_int_t)verdict->extracted.entries, "unpacked_bytes",
			 (json_int_t)verdict->extracted.unpacked_bytes, "confined", confined);
}

/* The digest is right. An archive that is refused all the same is not kept; where only this machine
 * failed (a full disk), it stays for the next run. */
static int finish(struct fetch *fetch, json_t **ret_result, struct kh_error *err)
{
	const struct kh_job *job = fetch->job;
	kh_auto(kh_verdict_done) struct kh_verdict verdict = {0};
	bool is_new = job->partial_fd >= 0 && strcmp(fetch->from, "kept") != 0;
	if (kh_intake_finish(&fetch->archive.intake, &verdict, err) != 0) {
		if (err->code == KH_HOST && is_new && ftruncate(job->partial_fd, 0) != 0)
			return kh_wrap(err, "'%s' stays (%s)", job->name, strerror(errno));
		return -1;
	}
	if (is_new && kh_sys_fsync(job->partial_fd, job->name) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "write '%s'", job->name);
	if (kh_detached_keep(job, &fetch->signature, err) != 0)
		return -1;
	*ret_result = result_of(fetch, &verdict);
	return 0;
}

int kh_fetch_run(const struct kh_job *job, json_t **ret_result, struct kh_error *err)
{
	kh_auto(fetch_done) struct fetch fetch = {
		.job = job, .archive.intake = {.child = KH_CHILD_INIT, .gpgv = KH_GPGV_INIT}};
	if (prepare_signature(&fetch, err) != 0)
		return -1;
	if (kh_intake_begin(&fetch.archive.intake, job, job->keyring_fd >= 0, err) != 0)
		return -1;
	int result = try_all(&fetch, err);
	return result == 0 ? finish(&fetch, ret_result, err) : result;
}
