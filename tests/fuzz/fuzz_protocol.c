/* fuzz_protocol.c - both ends of the talk between kvmhost and kvmhost-fetch (fetch/job.h): any
 * bytes as a job, and any bytes as what a worker says that reads what strangers wrote.
 *
 * Built plainly it replays inputs (see tests/lib/replay.h); with -fsanitize=fuzzer -DKH_LIBFUZZER
 * it is a libFuzzer target. An input starts with j (a job) or e (events). Whatever is said, nothing
 * that controls a terminal comes to the operator.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

/* The listening end is not in a header: its object is not linked then. */
#include "sources/transfer.c"

#include "core/base/sys.h"
#include "fetch/job.h"
#include "tests/lib/replay.h"

static void try_job(const char *bytes, size_t length)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_job_done) struct kh_job job = {0};
	json_t *object = json_loadb(bytes, length, 0, NULL);
	if (object && kh_job_read(object, &job, &err) != 0)
		assert(err.message && err.code == KH_USAGE);
	else if (object)
		assert(job.name && strlen(job.sha256) == KH_DIGEST_SIZE - 1);
	json_decref(object);
}

static void must_be_shown(const char *text)
{
	for (; text && *text; text++)
		assert((unsigned char)*text >= ' ' && *text != 0x7f);
}

static void on_event(struct kh_sink *sink, const struct kh_event *event)
{
	(void)sink;
	must_be_shown(event->text);
}

static void try_events(const char *bytes, size_t length)
{
	struct kh_sink sink = {on_event, NULL};
	const struct kh_making making = {.sink = &sink, .stage = "fetch"};
	const struct kh_transfer transfer = {.name = "linux-6.12.tar.xz", .sha256 = "00"};
	struct kh_transfer_work work = {.transfer = &transfer, .kept_fd = -1};
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(talk_done) struct talk talk = {.making = &making,
					       .transfer = &transfer,
					       .work = &work,
					       .fd = memfd_create("events", MFD_CLOEXEC)};
	if (talk.fd < 0 || kh_sys_write_all(talk.fd, bytes, length, "events") != 0 ||
	    lseek(talk.fd, 0, SEEK_SET) != 0)
		abort();
	listen_to(&talk);
	int result = talk.last ? take_error(&talk, &err) : fail_silent(&talk, 0, &err);
	assert(result != 0 && err.message && err.code > KH_OK && err.code <= KH_VERIFY);
	must_be_shown(err.message);
	must_be_shown(err.hint);
	kh_auto(kh_free) char *signer = talk.last ? text_or_null(talk.last, "signer") : NULL;
	must_be_shown(signer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0 && data[0] == 'j')
		try_job((const char *)data + 1, size - 1);
	if (size > 0 && data[0] == 'e')
		try_events((const char *)data + 1, size - 1);
	return 0;
}

#ifndef KH_LIBFUZZER

int main(int argc, char **argv)
{
	const struct replay replay = {.run = LLVMFuzzerTestOneInput,
				      .corpus = "tests/fuzz/corpus/protocol",
				      .mutations = 2000};
	return replay_main(&replay, argc, argv);
}

#endif
