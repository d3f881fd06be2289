/* pin_write.c - the lock file written; see pin.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "sources/pin.h"

/* PATH with its directory made absolute; owned, or NULL with errno. */
static char *absolute(const char *path)
{
	const char *slash = strrchr(path, '/');
	kh_auto(kh_free) char *directory =
		slash ? kh_strndup(path, slash == path ? 1 : (size_t)(slash - path))
		      : kh_strdup(".");
	kh_auto(kh_free) char *real = realpath(directory, NULL);
	const char *name = slash ? slash + 1 : path;
	return real ? kh_printf("%s/%s", strcmp(real, "/") == 0 ? "" : real, name) : NULL;
}

int kh_pin_write(const char *path, const struct kh_source *sources, size_t count,
		 struct kh_error *err)
{
	kh_auto(kh_root_done) struct kh_root machine = KH_ROOT_INIT;
	kh_auto(kh_free) char *place = absolute(path);
	kh_auto(kh_free) char *text = kh_pin_text(sources, count);
	struct kh_file_state meta = {
		.type = KH_FILE_REGULAR, .mode = 0644, .uid = geteuid(), .gid = getegid()};
	if (!place)
		return kh_fail(err, KH_SYSTEM, errno, "write lock file '%s'", path);
	if (kh_root_open("/", &machine, err) != 0 ||
	    kh_file_put(&machine, place, text, strlen(text), &meta, err) != 0)
		return kh_wrap(err, "lock file '%s'", path);
	return 0;
}
