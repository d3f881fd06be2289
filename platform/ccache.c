/* ccache.c - see ccache.h. */
#include "platform/ccache.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/base/tree.h"

/* Below HOME, which is made anew for each build: nothing else is in the directory that PATH begins
 * with. */
static int make_links(const struct kh_sandbox *sandbox, const char *ccache, char **ret_dir,
		      struct kh_error *err)
{
	static const char *const names[] = {"gcc", "cc", "g++", "c++"};
	kh_auto(kh_free) char *dir = kh_printf("%s/ccache", sandbox->home);
	if (kh_sandbox_dir(sandbox, dir, err) != 0)
		return -1;
	kh_auto(kh_close) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return kh_fail(err, KH_SYSTEM, errno, "open directory '%s'", dir);
	for (size_t i = 0; i < KH_COUNT(names); i++)
		if (kh_tree_remove_at(fd, names[i], NULL, err) != 0 ||
		    (kh_sys_symlink(ccache, fd, names[i]) != 0 &&
		     kh_fail(err, KH_SYSTEM, errno, "link '%s/%s'", dir, names[i]) != 0))
			return -1;
	*ret_dir = kh_take(dir);
	return 0;
}

int kh_ccache_use(const struct kh_root *root, const struct kh_config *config,
		  struct kh_sandbox *sandbox, struct kh_error *err)
{
	if (config->build.ccache == KH_OFF)
		return 0;
	kh_auto(kh_root_done) struct kh_root here = KH_ROOT_INIT;
	if (kh_root_open("/", &here, err) != 0)
		return -1;
	kh_auto(kh_free) char *ccache = kh_root_which(&here, "ccache");
	if (!ccache && config->build.ccache == KH_AUTO)
		return 0;
	if (!ccache) {
		kh_fail(err, KH_CONFIG, 0, "%s: there is no ccache on this host",
			kh_config_where(config, "build.ccache"));
		return kh_hint(err, "install the package 'ccache', or use 'build.ccache: auto'");
	}
	kh_auto(kh_free) char *store =
		kh_printf("%s%s", strcmp(root->host_path, "/") == 0 ? "" : root->host_path,
			  config->build.store);
	kh_auto(kh_free) char *cache = kh_printf("%s/ccache", store);
	kh_auto(kh_free) char *links = NULL;
	if (kh_sandbox_dir(sandbox, cache, err) != 0 ||
	    make_links(sandbox, ccache, &links, err) != 0)
		return -1;
	kh_strv_add(&sandbox->writable, cache);
	kh_strv_addf(&sandbox->environment, "CCACHE_DIR=%s", cache);
	kh_strv_addf(&sandbox->environment, "CCACHE_BASEDIR=%s", store);
	kh_strv_add(&sandbox->environment, "CCACHE_NOHASHDIR=1");
	kh_strv_addf(&sandbox->environment, "PATH=%s:%s", links, KH_SANDBOX_PATH);
	return 0;
}
