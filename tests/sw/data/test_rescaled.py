"""sw.data.rescaled: tables for networks from before conversions, by names or numbers of columns."""

import re

import numpy as np
import pytest

from sw.conversion import Row
from sw.data.rescaled import rescaled


NAMED = Row(scaled=(("b", 0.0, 10.0), ("c", -1.0, 1.0)))
FIRST = Row(scaled=(("column 3", 0.0, 10.0), ("column 4", -1.0, 1.0)))  # the class was column 1
ALL = Row(scaled=(("column 2", 0.0, 2.0), ("column 3", 0.0, 10.0), ("column 4", -1.0, 1.0)))
LAST = Row(scaled=(("column 2", 0.0, 10.0), ("column 3", -1.0, 1.0)))


@pytest.mark.parametrize(("conversion", "text", "first"), [
    (NAMED, "a,b,c\n51,5,1\n7,10,-1\n", 51), (NAMED, "a,b,c,k\n51,5,1,x\n7,10,-1,y\n", 51),
    (NAMED, "c,k,b,a\n1,x,5,51\n-1,y,10,7\n", 51), (FIRST, "x,51,5,1\ny,7,10,-1\n", 51),
    (ALL, "x,2,5,1\ny,7,10,-1\n", 255), (ALL, "2,5,1\n7,10,-1\n", 255),
    (LAST, "51,5,1,x\n7,10,-1,y\n", 51), (LAST, "51,5,1,u\n7,10,-1,v\n", 51)])
def test_columns_are_scaled_by_name_or_number(tmp_path, conversion, text, first):
    (tmp_path / "a.csv").write_text(text)
    values = rescaled(tmp_path / "a.csv", conversion, 3)[0]
    np.testing.assert_allclose(np.sort(values[0]), np.sort([first, 127.5, 255]))


@pytest.mark.parametrize(("conversion", "text", "message"), [
    (NAMED, "51,5,1\n7,10,-1\n", "must have a header line, because the network scales columns by "
                                 "their names (b, c)"),
    (FIRST, "51,5,1\n7,10,-1\n", "must have the class column, because the network scales columns "
                                 "by their numbers (column 3, column 4)"),
    (LAST, "51,5,1\n7,10,-1\n", "must have the class column, because the network scales columns "
                                "by their numbers (column 2, column 3)"),
    (NAMED, "a,b,d\n51,5,1\n", "must have the columns of the training: it lacks c")])
def test_columns_that_cannot_be_told_are_refused(tmp_path, conversion, text, message):
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=f"^{re.escape(f'{path} {message}')}$"):
        rescaled(path, conversion, 3)
