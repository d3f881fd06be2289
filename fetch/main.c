/* main.c - kvmhost-fetch: one job from standard input, events on standard output (job.h).
 *
 * A program of its own, so that what parses bytes of the network runs as an unprivileged account
 * and kvmhost itself links none of the libraries for it.
 */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/translate.h"
#include "fetch/event.h"
#include "fetch/fetch.h"

enum { JOB_BYTES = 1 << 20 };

static int read_input(struct kh_str *text, struct kh_error *err)
{
	char block[8192];
	for (;;) {
		ssize_t got = read(STDIN_FILENO, block, sizeof(block));
		if (got == 0)
			return 0;
		if (got < 0 && errno != EINTR)
			return kh_fail(err, KH_SYSTEM, errno, "read the job");
		if (got > 0)
			kh_str_add_bytes(text, block, (size_t)got);
		if (text->length > JOB_BYTES)
			return kh_fail(err, KH_USAGE, 0, "the job is too long");
	}
}

static int work(json_t **ret_result, struct kh_error *err)
{
	kh_auto(kh_str_done) struct kh_str text = {0};
	kh_auto(kh_job_done) struct kh_job job = {0};
	if (read_input(&text, err) != 0)
		return -1;
	json_t *object = json_loads(kh_str_text(&text), 0, NULL);
	if (!object) {
		kh_fail(err, KH_USAGE, 0, "standard input has no job");
		return kh_hint(err, "kvmhost-fetch is run by kvmhost; see 'kvmhost fetch'");
	}
	int result = kh_job_read(object, &job, err);
	json_decref(object);
	return result == 0 ? kh_fetch_run(&job, ret_result, err) : -1;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--version") == 0) { /* asked by kvmhost self-check */
		printf("kvmhost-fetch %s\n", KH_VERSION);
		return KH_OK;
	}
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	json_t *result = NULL;
	signal(SIGPIPE, SIG_IGN);
	/* libarchive turns the names of a pax archive into those of the locale: UTF-8 as it is. */
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		setlocale(LC_CTYPE, "en_US.UTF-8");
	const char *catalogues = getenv("KVMHOST_LOCALE"); /* sources/transfer_start.c */
	if (catalogues)
		kh_translate_start(catalogues);
	int status = work(&result, &err);
	if (status == 0)
		kh_event_result(result);
	else
		kh_event_error(&err, status == 1);
	return status == 0 ? KH_OK : (int)err.code;
}
