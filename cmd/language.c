/* language.c - the catalogue of the reader's language, beside the program. */
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "core/base/mem.h"
#include "core/base/translate.h"

void kh_language_start(void)
{
	char self[4096];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	self[length > 0 ? length : 0] = '\0';
	char *slash = strrchr(self, '/');
	if (!slash)
		return;
	*slash = '\0';
	kh_auto(kh_free) char *built = kh_printf("%s/locale", self);
	kh_auto(kh_free) char *installed = kh_printf("%s/../share/locale", self);
	kh_translate_start(access(built, R_OK) == 0 ? built : installed);
}
