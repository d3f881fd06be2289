/* error.c - see error.h. */
#include "core/base/error.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/translate.h"

int kh_fail(struct kh_error *err, enum kh_code code, int sys_errno, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	char *text = kh_vprintf(format, args);
	va_end(args);
	kh_error_done(err);
	err->code = code;
	err->sys = sys_errno;
	if (sys_errno == 0) {
		err->message = text;
		return -1;
	}
	const char *reason = strerror(sys_errno);
	kh_translate_errno(reason, sys_errno);
	err->message = kh_printf("%s: %s", text, reason);
	free(text);
	return -1;
}

int kh_wrap(struct kh_error *err, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	kh_auto(kh_free) char *context = kh_vprintf(format, args);
	va_end(args);
	char *whole = kh_printf("%s: %s", context, err->message ? err->message : "unknown error");
	free(err->message);
	err->message = whole;
	return -1;
}

int kh_hint(struct kh_error *err, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	free(err->hint);
	err->hint = kh_vprintf(format, args);
	va_end(args);
	return -1;
}

void kh_error_done(struct kh_error *err)
{
	free(err->message);
	free(err->hint);
	*err = (struct kh_error)KH_ERROR_INIT;
}
