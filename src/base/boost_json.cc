// Boost.JSON's definitions: the one place that compiles them, so that others need only its headers.
#include <boost/json/src.hpp>
