/* job.c - see job.h. */
#include "fetch/job.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"

static long long number_of(const json_t *object, const char *key, long long otherwise)
{
	const json_t *value = json_object_get(object, key);
	return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

static void read_urls(const json_t *object, const char *key, const char *fds_key,
		      struct kh_job_urls *urls)
{
	size_t i;
	json_t *item;
	const json_t *fds = json_object_get(object, fds_key);
	json_array_foreach(json_object_get(object, key), i, item)
	{
		const json_t *fd = json_array_get(fds, i);
		if (json_is_string(item))
			*kh_append(urls->items, urls->count) = (struct kh_job_url){
				kh_strdup(json_string_value(item)),
				json_is_integer(fd) ? (int)json_integer_value(fd) : KH_JOB_NO_FILE};
	}
}

static void free_urls(struct kh_job_urls *urls)
{
	for (size_t i = 0; i < urls->count; i++)
		kh_free(&urls->items[i].url);
	kh_free(&urls->items);
	urls->count = 0;
}

static void read_limits(const json_t *limits, struct kh_job_limits *ret_limits)
{
	*ret_limits = (struct kh_job_limits){
		.stall_ms = number_of(limits, "stall_ms", 30000),
		.retry_ms = number_of(limits, "retry_ms", 1000),
		.tries = number_of(limits, "tries", 5),
		.download_bytes = number_of(limits, "download_bytes", 4LL << 30),
		.unpacked_bytes = number_of(limits, "unpacked_bytes", 8LL << 30),
		.entries = number_of(limits, "entries", 1000000),
	};
}

static bool is_digest(const char *text)
{
	return strlen(text) == KH_DIGEST_SIZE - 1 &&
	       strspn(text, "0123456789abcdef") == KH_DIGEST_SIZE - 1;
}

int kh_job_read(const json_t *object, struct kh_job *ret_job, struct kh_error *err)
{
	const char *sha256 = kh_json_get(object, "sha256");
	if (!is_digest(sha256))
		return kh_fail(err, KH_USAGE, 0, "job: 'sha256' is not a digest: '%s'", sha256);
	struct kh_job job = {
		.name = kh_strdup(kh_json_get(object, "name")),
		.size_bytes = number_of(object, "size_bytes", -1),
		.unpacks = json_is_true(json_object_get(object, "unpacks")),
		.keeps_top = json_is_true(json_object_get(object, "keeps_top")),
		.is_signature_of_tar = json_is_true(json_object_get(object, "is_signature_of_tar")),
		.work_fd = (int)number_of(object, "work_fd", -1),
		.partial_fd = (int)number_of(object, "partial_fd", -1),
		.validator_fd = (int)number_of(object, "validator_fd", -1),
		.kept_fd = (int)number_of(object, "kept_fd", -1),
		.keyring_fd = (int)number_of(object, "keyring_fd", -1),
		.kept_signature_fd = (int)number_of(object, "kept_signature_fd", -1),
	};
	memcpy(job.sha256, sha256, sizeof(job.sha256));
	read_limits(json_object_get(object, "limits"), &job.limits);
	read_urls(object, "urls", "url_fds", &job.urls);
	read_urls(object, "signature_urls", "signature_fds", &job.signature_urls);
	*ret_job = job;
	if (job.work_fd >= 0 && job.name[0])
		return 0;
	kh_job_done(ret_job);
	return kh_fail(err, KH_USAGE, 0, "job: 'name' and 'work_fd' are needed");
}

void kh_job_done(struct kh_job *job)
{
	kh_free(&job->name);
	free_urls(&job->urls);
	free_urls(&job->signature_urls);
}
