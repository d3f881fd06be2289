/* language.c - the catalogue of the reader's language, beside the program. */
#include <glob.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "core/base/mem.h"
#include "core/base/translate.h"

static char *directory(void)
{
	char self[4096];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	self[length > 0 ? length : 0] = '\0';
	char *slash = strrchr(self, '/');
	if (!slash)
		return NULL;
	*slash = '\0';
	kh_auto(kh_free) char *built = kh_printf("%s/locale", self);
	return access(built, R_OK) == 0 ? kh_take(built) : kh_printf("%s/../share/locale", self);
}

void kh_language_start(void)
{
	kh_auto(kh_free) char *where = directory();
	if (where)
		kh_translate_start(where);
}

void kh_language_list(struct kh_strv *ret_names)
{
	kh_auto(kh_free) char *where = directory();
	kh_auto(kh_free) char *pattern =
		kh_printf("%s/*/LC_MESSAGES/kvmhost.mo", where ? where : "");
	glob_t found = {0};
	if (glob(pattern, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++) {
			const char *name = found.gl_pathv[i] + strlen(where) + 1;
			kh_auto(kh_free) char *one = kh_strndup(name, strcspn(name, "/"));
			kh_strv_add(ret_names, one);
		}
	globfree(&found);
}
