"""Everyday words a model may arrange: with them alone one can tell an event kindly, and nothing that needs a fact.

Left out on purpose: numbers, days and hours, nearness and size, people other than reader and writer, denials, money and
payment, ways to get in touch, orders to do something elsewhere, and everything about machines. A vertical adds the
words of its trade; all others must come from the facts.
"""

from __future__ import annotations

_TEXT = """
a about across actually added adding after alert all along already also although always am an and another any anything
are as ask asked asking at aware away be because become been before being believe better between both but by came can
catches caught check checking come comes consider considering could curious detail details did different do does down
each earlier easy either else enough especially even ever every exactly excited exciting eye feel feels felt few
figured find fine fit fits fitting flag for found from full further fyi gave get gets getting give gives giving glad
go goes going good got great had handy happy has have having head heads hear hello help here hey hi hope hoping how
however i i'd i'll i'm i've idea ideal if important in instead interest interested interesting into is it it'd it'll
it's its just keep keeping kept kind know knowing leave let let's letting life like liked likely little live look
looked looking looks lot lots love loved lovely made make makes making many match matches maybe me mean meant mention
mentioned might mind mine more most move much must my neat need news nice note notice noticed now of off offer offered
often okay on once one only onto or other our out own part peek perhaps piece place plan plans please plenty popped
possible pretty put quick quite rather real really rest right rundown saw say scoop see seeing seem seems seen share
shared sharing should simple simply since so solid some something sometimes sound sounds spot spotted start started
still straight such suit suits sure surprise take takes taking tell than thank thanks that that's the their them then
there there's these thing things think thinking thinks this those though thought through to together too took try
until up update updates us use useful usual very wait want wanted wants was way we we'd we'll we're we've welcome well
went were what what's when where which while will wish wished with wonder wondered wondering works worth would yes yet
you you'd you'll you're you've your yours
"""

EVERYDAY = frozenset(_TEXT.split())
