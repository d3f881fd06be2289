/* catalogue.h - a reader of Chinese, for tests: the program's own directory has the catalogue, when
 * there was an msgfmt. */
#ifndef TESTS_CATALOGUE_H
#define TESTS_CATALOGUE_H

#include <gnu/libc-version.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/mem.h"
#include "core/base/translate.h"

/* Returns false where there is none: skip(). Ends with kh_translate_end(), in a teardown. */
static inline bool start_catalogue(void)
{
	kh_auto(kh_free) char *directory =
		kh_printf("%s/locale", getenv("B") ? getenv("B") : "build");
	struct stat status;
	if (stat(directory, &status) != 0)
		return false;
	setenv("LC_ALL", "C.UTF-8", 1);
	setenv("LANGUAGE", "zh_CN", 1);
	/* Since glibc 2.38 LANGUAGE says nothing in this locale; tests/cli/test_translation looks
	 * for another. */
	if (!kh_translate_start(directory) && strverscmp(gnu_get_libc_version(), "2.38") >= 0)
		return false;
	assert_string_equal(kh_translate_language(), "zh_CN");
	return true;
}

static inline int end_catalogue(void **state)
{
	(void)state;
	kh_translate_end();
	unsetenv("LANGUAGE");
	return 0;
}

#endif
