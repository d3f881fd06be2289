/* intake.c - see intake.h. */
#include "fetch/intake.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/sweep.h"
#include "core/base/sys.h"
#include "fetch/event.h"

static void stop(struct kh_intake *intake)
{
	kh_child_stop(&intake->child);
	kh_gpgv_stop(&intake->gpgv);
}

/* An empty directory work/tree, whatever an earlier start left. */
static int make_tree(int work_fd, int *ret_fd, struct kh_error *err)
{
	if (kh_sweep_tree(work_fd, "tree") != 0)
		return kh_fail(err, KH_SYSTEM, errno, "remove what was unpacked before");
	if (kh_sys_mkdir(work_fd, "tree", 0755) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "make the directory to unpack into");
	*ret_fd = openat(work_fd, "tree", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return *ret_fd >= 0 ? 0
			    : kh_fail(err, KH_SYSTEM, errno, "open the directory to unpack into");
}

static int start(struct kh_intake *intake, struct kh_error *err)
{
	const struct kh_job *job = intake->job;
	bool is_of_tar = intake->checks_signature && job->is_signature_of_tar;
	kh_auto(kh_close) int tree_fd = -1;
	if (intake->checks_signature && kh_gpgv_start(job->work_fd, &intake->gpgv, err) != 0)
		return -1;
	if (job->unpacks && make_tree(job->work_fd, &tree_fd, err) != 0)
		return -1;
	if (!job->unpacks && !is_of_tar)
		return 0;
	if (kh_child_start(job, tree_fd, is_of_tar ? intake->gpgv.data_fd : -1, &intake->child,
			   err) != 0)
		return -1;
	if (is_of_tar)
		kh_close(&intake->gpgv.data_fd); /* the child's end is the only one */
	return 0;
}

int kh_intake_begin(struct kh_intake *intake, const struct kh_job *job, bool checks_signature,
		    struct kh_error *err)
{
	*intake = (struct kh_intake){
		.job = job,
		.checks_signature = checks_signature,
		.child = KH_CHILD_INIT,
		.gpgv = KH_GPGV_INIT,
	};
	return kh_intake_restart(intake, false, err);
}

int kh_intake_restart(struct kh_intake *intake, bool clears_partial, struct kh_error *err)
{
	stop(intake);
	kh_digest_begin(&intake->digest);
	intake->bytes = 0;
	intake->is_child_deaf = false;
	if (clears_partial && intake->job->partial_fd >= 0 &&
	    (ftruncate(intake->job->partial_fd, 0) != 0 ||
	     lseek(intake->job->partial_fd, 0, SEEK_SET) != 0))
		return kh_fail(err, KH_SYSTEM, errno, "empty the partial file of '%s'",
			       intake->job->name);
	return start(intake, err);
}

static int check_size(const struct kh_intake *intake, size_t length, struct kh_error *err)
{
	const struct kh_job *job = intake->job;
	long long most = job->size_bytes >= 0 ? job->size_bytes : job->limits.download_bytes;
	if ((long long)length <= most - intake->bytes)
		return 0;
	return kh_fail(err, KH_HOST, 0, "'%s': more than the %lld bytes %s", job->name, most,
		       job->size_bytes >= 0 ? "it should have" : "that are allowed");
}

int kh_intake_add(struct kh_intake *intake, const void *bytes, size_t length, bool is_new,
		  struct kh_error *err)
{
	const struct kh_job *job = intake->job;
	if (check_size(intake, length, err) != 0)
		return -1;
	kh_digest_add(&intake->digest, bytes, length);
	intake->bytes += (long long)length;
	if (is_new && job->partial_fd >= 0 &&
	    kh_sys_write_all(job->partial_fd, bytes, length, job->name) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "write '%s'", job->name);
	/* A reader that has gone says at the end why. */
	if (intake->child.data_fd >= 0 && !intake->is_child_deaf)
		intake->is_child_deaf =
			kh_sys_write_all(intake->child.data_fd, bytes, length, "pipe") != 0;
	if (intake->gpgv.data_fd >= 0 &&
	    kh_sys_write_all(intake->gpgv.data_fd, bytes, length, "pipe") != 0)
		kh_close(&intake->gpgv.data_fd);
	kh_event_progress(intake->bytes, job->size_bytes);
	return 0;
}

bool kh_intake_is_whole(const struct kh_intake *intake, char ret_hex[KH_DIGEST_SIZE])
{
	struct kh_digest copy = intake->digest;
	kh_digest_end(&copy, ret_hex);
	return strcmp(ret_hex, intake->job->sha256) == 0;
}

int kh_intake_finish(struct kh_intake *intake, struct kh_verdict *ret_verdict, struct kh_error *err)
{
	kh_auto(kh_verdict_done) struct kh_verdict verdict = {0};
	if (intake->child.pid > 0 &&
	    kh_child_finish(&intake->child, &verdict.extracted, &verdict.confined, err) != 0)
		return kh_wrap(err, "'%s'", intake->job->name);
	if (intake->gpgv.pid > 0 && kh_gpgv_finish(&intake->gpgv, &verdict.signer, err) != 0)
		return kh_wrap(err, "'%s'", intake->job->name);
	*ret_verdict = verdict;
	verdict = (struct kh_verdict){0};
	return 0;
}

void kh_intake_done(struct kh_intake *intake)
{
	stop(intake);
}

void kh_verdict_done(struct kh_verdict *verdict)
{
	kh_extracted_done(&verdict->extracted);
	kh_strv_done(&verdict->confined);
	kh_free(&verdict->signer);
}
