/* child.c - see child.h. */
#include "fetch/child.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "fetch/confine.h"

enum { STATUS_BYTES = 65536, PIPE_BYTES = 1 << 20 };

static unsigned count_threads(void)
{
	cpu_set_t set;
	int count = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
	return count > 8 ? 8 : (unsigned)count;
}

static void tell(int fd, json_t *status)
{
	kh_auto(kh_free) char *text = json_dumps(status, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(status);
	if (kh_sys_write_all(fd, text, strlen(text), "status") != 0)
		_exit(KH_SYSTEM);
}

static json_t *error_of(const struct kh_error *err)
{
	json_t *error = json_pack("{s:i}", "code", (int)err->code);
	kh_json_put_message(error, "message", err->message, NULL);
	return error;
}

static json_t *list_of(const struct kh_strv *list)
{
	json_t *array = json_array();
	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(array, json_string(list->items[i]));
	return array;
}

static int unpack(const struct kh_extract_job *extract, const struct kh_confine *confine,
		  json_t *status, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv active = {0};
	kh_auto(kh_extracted_done) struct kh_extracted extracted = {0};
	if (kh_confine_apply(confine, &active, err) != 0)
		return -1;
	json_object_set_new(status, "confined", list_of(&active));
	if (kh_extract_run(extract, &extracted, err) != 0)
		return -1;
	json_object_set_new(status, "top", kh_json_text(extracted.top));
	json_object_set_new(status, "entries", json_integer(extracted.entries));
	json_object_set_new(status, "unpacked_bytes", json_integer(extracted.unpacked_bytes));
	return 0;
}

/* In the child: never returns. */
static void work(const struct kh_extract_job *extract, int status_fd, pid_t parent)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(KH_SYSTEM);
	signal(SIGXFSZ, SIG_IGN); /* a file that is too big is an error with a name */
	umask(022);
	const int fds[] = {extract->in_fd, status_fd, extract->tar_fd};
	const struct kh_confine confine = {
		.fds = fds,
		.fd_count = extract->tar_fd >= 0 ? 3 : 2,
		.tree_fd = extract->tree_fd,
		.file_bytes = extract->unpacked_bytes,
	};
	json_t *status = json_object();
	int result = unpack(extract, &confine, status, &err);
	if (result != 0)
		json_object_set_new(status, "error", error_of(&err));
	tell(status_fd, status);
	_exit(result == 0 ? 0 : (int)err.code);
}

int kh_child_start(const struct kh_job *job, int tree_fd, int tar_fd, struct kh_child *ret_child,
		   struct kh_error *err)
{
	int data[2], status[2];
	if (pipe2(data, O_CLOEXEC) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "start unpacking");
	kh_auto(kh_close) int data_read = data[0], data_write = data[1];
	if (pipe2(status, O_CLOEXEC) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "start unpacking");
	kh_auto(kh_close) int status_read = status[0], status_write = status[1];
	fcntl(data_write, F_SETPIPE_SZ, PIPE_BYTES); /* smoother where it is allowed */
	const struct kh_extract_job extract = {
		.in_fd = data_read,
		.tree_fd = tree_fd,
		.tar_fd = tar_fd,
		.threads = count_threads(),
		.keeps_top = job->keeps_top,
		.unpacked_bytes = job->limits.unpacked_bytes,
		.entries = job->limits.entries,
	};
	pid_t parent = getpid(), pid = fork();
	if (pid == 0)
		work(&extract, status_write, parent);
	if (pid < 0)
		return kh_fail(err, KH_SYSTEM, errno, "start unpacking");
	*ret_child = (struct kh_child){pid, data_write, status_read};
	data_write = status_read = -1;
	return 0;
}

static char *read_status(int fd)
{
	char block[4096];
	struct kh_str text = {0};
	for (;;) {
		ssize_t got = read(fd, block, sizeof(block));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 || text.length + (size_t)got > STATUS_BYTES)
			return kh_str_take(&text);
		kh_str_add_bytes(&text, block, (size_t)got);
	}
}

static int wait_for(struct kh_child *child)
{
	int status = -1;
	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	child->pid = 0;
	return status;
}

static int fail_ended(int status, struct kh_error *err)
{
	if (!WIFSIGNALED(status))
		return kh_fail(err, KH_SYSTEM, 0, "the process that unpacks ended without a word");
	kh_fail(err, KH_HOST, 0, "the process that unpacks was ended by signal %d (%s)",
		WTERMSIG(status), strsignal(WTERMSIG(status)));
	return kh_hint(
		err,
		"it did what unpacking never does, or ran out of its limits: do not trust this archive");
}

static int take_error(const json_t *error, struct kh_error *err)
{
	kh_auto(kh_free) char *message = kh_json_take_message(error, "message", NULL);
	json_int_t code = json_integer_value(json_object_get(error, "code"));
	return kh_fail(err, code == KH_SYSTEM ? KH_SYSTEM : KH_HOST, 0, "%s", message);
}

int kh_child_finish(struct kh_child *child, struct kh_extracted *ret_extracted,
		    struct kh_strv *ret_active, struct kh_error *err)
{
	kh_close(&child->data_fd);
	kh_auto(kh_free) char *text = read_status(child->status_fd);
	kh_close(&child->status_fd);
	int ended = wait_for(child);
	json_t *status = json_loads(text, 0, NULL);
	const json_t *error = json_object_get(status, "error");
	int result = 0;
	size_t i;
	json_t *name;
	json_array_foreach(json_object_get(status, "confined"), i, name)
		kh_strv_add(ret_active, json_is_string(name) ? json_string_value(name) : "?");
	if (error)
		result = take_error(error, err);
	else if (ended != 0 || !status)
		result = fail_ended(ended, err);
	else
		*ret_extracted = (struct kh_extracted){
			.top = kh_strdup(kh_json_get(status, "top")),
			.entries = json_integer_value(json_object_get(status, "entries")),
			.unpacked_bytes =
				json_integer_value(json_object_get(status, "unpacked_bytes")),
		};
	json_decref(status);
	return result;
}

void kh_child_stop(struct kh_child *child)
{
	kh_close(&child->data_fd);
	kh_close(&child->status_fd);
	if (child->pid <= 0)
		return;
	kill(child->pid, SIGKILL);
	wait_for(child);
}
