"""Signs of an emergency in English. Knows words only; what undoes them is nlu.red_flags' business.

Texts arrive as nlu.red_flags_spelling leaves them: lower case, "cant" for "can't" and "cannot", errors
mended. The table was written for this project without clinicians; have yours review it.
"""

from __future__ import annotations

from nlu.red_flags_row import Row, patterns, stems

_WHO = r"(?:my|his|her|the|our|their)"
_PERSON = (
    r"(?:he|hes|she|shes|him|her|mum|mummy|mom|mother|dad|daddy|father|parent|husband|wife|son|daughter|baby|child|kid|"
    r"brother|sister|gran|grandma|grandpa|grandad|grandmother|grandfather|nan|friend|partner|mate|boyfriend|girlfriend|"
    r"neighbou?r|uncle|aunt|aunty|cousin|colleague|roommate|man|woman|guy|lady|boy|girl|toddler|patient|someone|somebody)"
)
_BABY = r"\b(?:baby|babys|infant|newborn|toddler|child|kid|son|daughter|\d{1,2} ?(?:day|week|month)s? old)"
_SEVERE = (
    r"\b(?:severe|crushing|terrible|awful|bad|strong|sudden|stabbing|tight|unbearable|intense|squeezing)"
)
# A word between two parts of a sign: none that denies, asks or belongs to a policy.
_W = r"(?:(?!(?:no|not|never|without|any|to|for|if|dont|didnt|cover\w{0,5}|claim\w{0,4}|question|insur\w{0,6}|plan|policy|history)\b)\w{1,15} )"
_HAVE = (
    r"\b(?:have|has|having|had|got|get|gets|getting|ive|feel|feels|feeling|suffering|suffered|think its|"
    r"this is|its|it was|is (?:this|it)|(?:might|may|must|could) be|(?:hes|shes|im) in) "
)
_NOT_COVER = r"(?! (?:rider|cover|coverage|policy|plan|benefit|clause|claims?|insurance|questionnaire|form|history|treatment)\b)"
_PILLS = (
    r"(?:pills?|tablets?|tabs|meds?|medicines?|medication|capsules?|paracetamol|tylenol|ibuprofen|aspirin|panadol|"
    r"xanax|valium|insulin|acetaminophen|antidepressants?|painkillers?|opioids?|bottle|box|pack)"
)
_MANY = (
    r"(?:too (?:many|much)|(?:whole|entire|full) (?:\w{1,12} )?(?:bottle|box|pack\w{0,3}|strip)|all (?:my|the|his|her|of)|"
    r"\d{2,3}|ten|fifteen|twenty|thirty|forty|fifty|sixty|dozens|handfuls?|bunch|loads?|lots|tons)"
)
_SELF = r"(?:my|him|her|them|your)sel(?:f|ves)\b"
_MEANS = r"\b(?:want|wants|wanted|wanting|wish|wishes|going|ready|rather|prefer|hope|hoping|deserve|deserves|about|decided|plan|planning|need|urge|threatens|threatening|threatened|tried|trying|tries)"
_THINKS = r"\b(?:think|thinks|thinking|thought|thoughts|dream|dreaming|considering|considered|contemplating|planning|feel like|feeling like|talking|talks)(?: (?:of|about))?"

TABLE: tuple[Row, ...] = (
    Row(
        name="chest_pain",
        stems=stems("chest heart breastbone cardiac"),
        signs=patterns(
            rf"{_SEVERE}[\w ,]{{0,20}}\b(?:chest|heart)[\w ]{{0,8}}(?:pain|pressure|tightness|ache)",
            rf"\b{_WHO} chest {_W}{{0,3}}(?:hurt|pain|tight|ache|aching|burn|pressure|crush|heavy|squeez|is killing)",
            rf"\b(?:pains?|painful|pressure|tight|tightness|heaviness|ache|aching|squeezing|burning) {_W}{{0,2}}(?:in|on|across|around|behind) (?:{_WHO} )?(?:chest|heart|breastbone)\b",
            rf"\b(?:elephant|weight|brick|truck|stone|someone|something)[\w ]{{0,25}} on {_WHO} chest",
            r"\bchest (?:(?:really|so|still) )?(?:hurts?|hurting|tightness|pressure|feels|is tight|is killing)",
            rf"\b(?:clutch\w{{0,3}}|grabb\w{{0,3}}|holding) {_WHO} chest\b|\b(?:crush|squeez|stabb)\w{{0,3}} {_WHO} (?:chest|heart)\b|\bheart (?:is )?being (?:crushed|squeezed)",
            rf"{_HAVE}{_W}{{0,3}}(?:(?:chest|heart) pains?|heart attack|cardiac arrest)\b{_NOT_COVER}",
            rf"\b{_PERSON} (?:\w{{1,9}} )?heart (?:has |just )?(?:stopped|isnt beating)|\bmy heart (?:has |just )?stopped",
        ),
        names=patterns(r"\bchest pains?\b", rf"\bheart attacks?\b{_NOT_COVER}", r"\bcardiac arrest\b"),
    ),
    Row(
        name="stroke",
        stems=stems(
            "face mouth smile arm leg side body half hand sudden slur numb weak paralysis speech words speak talk sense gibberish stroke headache"
        ),
        signs=patterns(
            r"\b(?:face|mouth|smile)\b[\w ]{0,16}(?:droop|dropp|crooked|lopsided|uneven|numb|twisted|sagging)",
            r"\b(?:drooping|droopy|crooked|numb|lopsided) (?:face|mouth|smile)\b",
            r"\b(?:arms?|legs?|side|body|half)\b[\w ]{0,24}\b(?:numb|paraly[sz]ed|weak|cant move|wont move|gone dead|limp|floppy)\b|\bsudden(?:ly)? (?:\w{1,10} )?(?:numb|numbness|weakness|paralysis)\b",
            rf"\b(?:cant|couldnt|unable to) (?:move|lift|feel) (?:{_WHO}|one|half)[\w ]{{0,10}}\b(?:arm|leg|side|hand|face|body)",
            rf"\bsuddenly (?:\w{{1,10}} ){{0,2}}cant (?:speak|talk|see|move|walk|stand)\b|\b{_PERSON} cant (?:speak|talk)\b(?! (?:to|with|about|on|english|chinese|cantonese|mandarin)\b)",
            r"\bslurr|\bspeech (?:is|has become|became) (?:strange|unclear|garbled)|\b(?:words|speech) (?:\w{1,6} )?(?:come|comes|coming) out (?:wrong|funny|strange)",
            r"\bcant (?:speak|talk) (?:properly|suddenly|all of a sudden|clearly|right)",
            rf"\b{_PERSON} (?:\w{{1,6}} )?(?:isnt|not) making (?:any )?sense|\btalking (?:nonsense|gibberish)",
            rf"{_HAVE}{_W}{{0,3}}(?:mini ?)?stroke\b(?! of\b){_NOT_COVER}",
            r"\bworst headache (?:of (?:my|his|her) life|ever)|thunderclap headache",
            rf"\bsudden(?:ly)? {_W}{{0,3}}(?:blind|double vision|seeing double|see double|lost (?:my|his|her) (?:sight|vision))",
        ),
        names=patterns(rf"\bstrokes?\b(?! of\b){_NOT_COVER}"),
    ),
    Row(
        name="breathing",
        stems=stems(
            "blue purple gray grey breath air gasping chok suffocat lips turn go went asthma inhaler"
        ),
        signs=patterns(
            rf"\b(?:cant|can hardly|can barely|hardly|barely|couldnt|unable to|not able to|struggl\w{{1,3}} to|fighting to|fights to|hard to|difficult to) (?:\w{{1,10}} )?(?:breath|breathe|breathing|catch {_WHO} breath|get (?:any |enough )?air|get a breath)\b",
            r"\b(?:trouble|difficulty|difficulties|problems?|hard time|struggling|laboured|labored) (?:with )?(?:\w{1,10} )?breathing\b",
            r"\b(?:not|stopped|isnt|arent|no longer|quit|wasnt|hardly|barely) breathing\b",
            rf"\b{_WHO} breathing (?:is |has |has become )?(?:\w{{1,6}} )?(?:stopped|worse|shallow|fast|difficult|hard|laboured|labored|weak)",
            rf"\bgasping\b|\b(?:im|am|is|are|{_PERSON}) (?:\w{{1,6}} )?(?:choking|suffocating)\b|\bchoking on\b",
            rf"\blips (?:\w{{1,7}} )?(?:\w{{1,7}} )?(?:blue|purple|gr[ae]y)|\bblue lips|\b(?:{_PERSON} (?:is|looks|went|has gone|has turned)|hes|shes) (?:all )?(?:blue|purple|gr[ae]y)\b|\b(?:turning|turned|going|gone|went) (?:blue|purple|gr[ae]y)\b",
            r"\bshort of breath\b|\b(?:severe|sudden|extreme) shortness of breath\b|\bchoking (?:help|to death)",
            rf"{_HAVE}{_W}{{0,3}}(?:asthma attack|shortness of breath)\b{_NOT_COVER}",
            r"\binhaler (?:isnt|doesnt|is not|not) (?:work|help)",
        ),
        names=patterns(
            r"\basthma attacks?\b", r"\bshortness of breath\b", r"\b(?:choking|suffocating)\b(?! hazard)"
        ),
    ),
    Row(
        name="anaphylaxis",
        stems=stems("throat tongue face lip anaphyla allergic epipen"),
        signs=patterns(
            r"\b(?:throat|tongue|face|lips?)\b[\w ]{0,16}(?:swell|swollen|closing|closed up|tightening|puff)",
            rf"\b(?:swelling|swollen) (?:of |in |up )?(?:{_WHO} )?(?:throat|tongue|face|lips)",
            rf"{_HAVE}{_W}{{0,3}}(?:anaphyla\w{{1,6}}|allergic reaction)\b|\b(?:severe|bad|serious|violent) allergic reaction\b",
            r"\b(?:used|using|need|needs|find|gave) (?:\w{1,6} ){0,2}epipen",
        ),
        names=patterns(r"\banaphyla", r"\bepipen"),
    ),
    Row(
        name="bleeding",
        stems=stems("bleed blood emorrhag"),
        signs=patterns(
            r"\b(?:wont|doesnt|cant|isnt|not|never|keeps) (?:\w{1,6} )?(?:stop|stops|stopping|stopped) (?:the |this |her |his |my )?bleed",
            rf"\bbleed\w{{0,4}} {_W}{{0,3}}(?:wont|doesnt|not|isnt|cant|never) (?:be )?stop",
            rf"\b(?:keeps|wont stop|cant stop) bleeding|\bbleeding {_W}{{0,2}}(?:heavily|badly|profusely|out|to death|a lot|everywhere|nonstop|like crazy)\b",
            rf"\b(?:im|am|is|hes|shes|are|still|been) (?:\w{{1,7}} )?bleeding (?:from|inside|internally)\b|\b(?:{_PERSON} (?:is|was)|hes|shes|im|i am|trapped and|hurt and|injured and) bleeding\b(?! (?:\w{{1,9}} ){{0,2}}(?:dry|money|cash))",
            rf"\bblood (?:\w{{1,10}} ){{0,3}}(?:pouring|gushing|spurting|everywhere|all over|wont stop|doesnt stop)|\b(?:pouring|gushing|spurting|covered in|losing|lost|lose|pool of|so much|lots of|a lot of|loads of) {_W}{{0,2}}blood\b(?! (?:tests?|work|pressure|sugar|samples?))",
            rf"\b(?:vomit\w{{0,4}}|throw\w{{0,3}}|threw|cough\w{{0,3}}|spit\w{{0,4}}|puk\w{{1,3}}|peeing|pooing|pooping|passing) (?:up )?{_W}{{0,2}}blood\b(?! (?:tests?|pressure|sugar))|\bblood in (?:my|his|her) vomit",
            rf"{_HAVE}{_W}{{0,3}}(?:heavy|severe|profuse|massive|uncontroll\w{{1,4}}|internal) bleeding\b{_NOT_COVER}",
        ),
        names=patterns(
            r"\bha?emorrhag(?:ing|e)\b", r"\b(?:heavy|severe|profuse|massive|uncontroll\w{1,4}) bleeding\b"
        ),
    ),
    Row(
        name="unconscious",
        stems=stems(
            "dying conscious unresponsive respond answering moving react wake waking woken passed faint black cold collapsed heartbeat pulse floor ground keeled drop down over slumped"
        ),
        signs=patterns(
            rf"\b(?:is|are|was|were|hes|shes|lying|lies|fell|found|still|gone|went|knocked|{_PERSON}) (?:\w{{1,10}} ){{0,2}}unconscious\b",
            rf"\b(?:{_PERSON}|im) (?:\w{{1,12}} ){{0,3}}(?:unresponsive|(?:not|isnt|stopped|no longer) (?:responding|answering me|moving|reacting))\b(?! to (?:my )?(?:e?mails?|messages?|calls?|claims?|letters?))",
            rf"\b(?:wont|doesnt|cant|not|isnt|couldnt) (?:be )?(?:wake|wakes|waking|woken|wake {_PERSON})\b|\bcant wake\b",
            rf"\b(?:im|hes|shes|{_PERSON} is|feel like|feels like) dying\b(?! (?:to|for|of (?:laughter|boredom|curiosity))\b)",
            r"\bpassed out\b|\bfainted\b|\blost consciousness|\blosing consciousness|\bblacked out\b|\bout cold\b|\bin and out of consciousness",
            r"(?<!roof )(?<!roof has )(?<!ceiling )(?<!wall )(?<!market )(?<!bank )(?<!building )\bcollapsed\b",
            r"\bno (?:heartbeat|pulse)\b|\b(?:cant|dont|couldnt) (?:find|feel|get) (?:\w{1,4} )?pulse",
            rf"\b{_PERSON} (?:\w{{1,12}} ){{0,4}}(?:floor|ground)\b[\w ]{{0,25}}\b(?:not|isnt|wont|doesnt|unable|cant) (?:mov|answer|respond|react|talk|speak|wak|get up)",
            rf"\b{_PERSON} (?:has )?(?:just |suddenly )?(?:dropped|keeled|drops|slumped|went) (?:\w{{1,4}} ){{0,2}}(?:floor|ground|over|down)\b(?! (?:to|the|there|on|for)\b)|\b(?:chest|head|heart|stomach)\b[\w ]{{0,12}}\bwent down\b",
        ),
        names=patterns(r"\bunconscious\b(?! bias)"),
    ),
    Row(
        name="overdose_or_poison",
        stems=stems(
            "pill tab med capsule paracetamol tylenol ibuprofen aspirin panadol xanax valium insulin acetaminophen antidepressant painkiller opioid bottle box pack strip many od overdos bleach poison pesticide antifreeze detergent batter drain weed thinner petrol gasoline magnet clean acid monoxide heroin fentanyl cocaine meth drugs oxycodone morphine alcohol snake viper cobra scorpion jellyfish widow"
        ),
        signs=patterns(
            rf"\b(?:took|taken|taking|swallowed|ate|eaten|drank|had|popped|downed) {_W}{{0,4}}{_MANY}(?: of)?(?: \w{{1,15}}){{0,3}} {_PILLS}\b|\b(?:took|taken|swallowed|ate|drank) {_W}{{0,3}}(?:whole|entire|full) (?:\w{{1,12}} )?(?:bottle|box|pack|strip)|\b(?:took|taken) too many(?=$|[,.;!?]| and\b)",
            rf"\b(?:took|taken|taking|has|have|had|having) {_W}{{0,2}}overdose\b|\boverdos(?:ed|ing)\b|\b(?:has|have|just) od(?:ed|d)?(?=$|[,.;!?]| on\b| and\b)",
            rf"\b(?:drank|drunk|drinking|drinks|swallowed|swallows|ate|eaten|inhaled|licked|got into) {_W}{{0,4}}(?:bleach|poison|pesticide|antifreeze|detergent|batter(?:y|ies)|drain cleaner|weed ?killer|paint thinner|petrol|gasoline|magnets?|cleaner|cleaning fluid|acid)\b",
            r"\b(?:been|was|got|is|am|were|hes|shes) poisoned\b|\b(?:too much|a lot of|bad) (?:heroin|fentanyl|cocaine|meth|drugs|insulin|methadone|oxycodone|morphine|alcohol)\b",
            r"\b(?:bit|bitten|stung|bite) (?:\w{1,6} ){0,3}(?:by )?(?:a |an )?(?:\w{1,10} )?(?:snake|viper|cobra|scorpion|jellyfish|black widow)\b|\bsnake ?bite\b|\b(?:wrong|somebody elses|someone elses) (?:medicine|medication|pills?|tablets?) (?:and|by mistake)",
            rf"{_HAVE}{_W}{{0,3}}poisoning\b{_NOT_COVER}",
        ),
        names=patterns(r"\boverdose\b", r"\bpoison(?:ed|ing)\b", r"\bcarbon monoxide\b"),
    ),
    Row(
        name="self_harm",
        stems=stems(
            "want wish happier self selves suicid life lives end dying death die dead exist wake woke born liv here around world earth cant reason point purpose meaning future better miss care notice cry forever good jump bridge edge ledge roof railing pill tab med rope gun razor blade noose knife goodbye note letter message wrist vein throat arm kill unalive cutting capsule paracetamol tylenol ibuprofen aspirin panadol xanax valium insulin acetaminophen antidepressant painkiller opioid bottle box pack them"
        ),
        always=patterns(
            rf"\b(?:kill|kills|killing|killed|off|hang|hangs|hanging|hanged|hung|shoot|shot|drown|drowned|unalive|stab|stabbed) {_SELF}",
            rf"(?:{_MEANS}(?: to)?|\b(?:gonna|might|may|will|ill|could|can|keep|keeps|started|been|stop)|{_THINKS}) (?:\w{{1,8}} )?(?:hurt|harm|cut|burn)(?:t?ing)? {_SELF}",
            r"\b(?:feel|feels|feeling|felt|am|im|not|is|hes|shes|are|been|being|so|become|becoming) suicidal\b",
            rf"(?:{_MEANS}(?: to)?|{_THINKS}|\b(?:i|ill|im|gonna|might|will|would|attempt|attempted|attempting)) (?:\w{{1,8}} ){{0,2}}suicid",
            rf"\bi (?:\w{{1,8}} )?(?:commit|committed|attempt|attempted) suicide|\b{_PERSON} (?:is )?(?:threatens|threatening|going|wants|trying) (?:to )?(?:commit )?suicid",
            r"\bend(?:ing)? (?:my|his|her|their) (?:own )?li(?:fe|ves)\b|\bend(?:ing)? it all\b|\btak(?:e|ing) (?:my|(?:his|her) own) (?:own )?life\b",
            rf"{_THINKS} (?:\w{{1,6}} ){{0,2}}(?:dying|death|ways to die|how to die|being dead|killing)\b|\b(?:ways|how|best way|easiest way|painless way) to (?:die|kill (?:my|your|one)sel)",
            rf"{_MEANS} (?:to )?(?:just )?(?:i (?:was|were|am|could) )?(?:just )?(?:to )?(?:die|be dead|not exist|stop existing|not wake up|never wake up|not be here|never been born)\b",
            r"\b(?:rather|better|wish (?:to be|i was|i were|im)|want to be) dead\b|\b(?:hope|wish) (?:that )?i (?:\w{1,6} )?(?:wont|dont|didnt|never|wasnt|hadnt) (?:\w{1,5} )?(?:wake|woke|born|exist)",
            r"\b(?:dont|doesnt|no longer|not) (?:\w{1,7} )?(?:want|wish) to (?:live|be alive|exist|wake up|go on|keep going|keep living|carry on)\b(?! (?:in|at|with|there|near)\b)",
            r"\b(?:dont|doesnt|no longer|not) (?:\w{1,7} )?(?:want|wish) to be (?:here|around|in this world|on this earth)\b",
            r"\bcant (?:go on|carry on|keep going|live)(?: any ?more| like this| living|(?=$|[,.;!?]| and\b))",
            r"\b(?:whats|what is) the point (?:of|in) (?:\w{1,8} )?(?:life|living|going on|being alive)\b|\bno (?:\w{1,10} )?(?:reason|point|purpose|meaning) (?:to|in|of|for) (?:\w{1,8} )?(?:live|living|life|go on|going on|be alive|being alive|carry|staying)",
            r"\b(?:cant|dont|no longer|not) (?:see|find|have|feel) (?:\w{1,4} )?(?:reason|point|purpose|meaning|future) (?:\w{1,10} ){0,3}(?:live|living|life|alive|going on|go on)\b",
            r"\b(?:not|isnt) worth living|\blife (?:isnt|not|no longer|is no longer) worth|\blife (?:is|isnt|has|feels) (?:\w{1,10} )?(?:not worth|pointless|meaningless|no meaning|unbearable)|\b(?:tired|sick) of (?:living|life|being alive)\b(?! (?:in|at|with|here|near)\b)|\bdone with (?:life|living)\b|\bdone with everything[\w ,]{0,20}goodbye|\bhate being alive",
            r"\bbetter off (?:dead|without me|if i (?:was|were|am|die))|\bif i (?:was|were|am) (?:gone|dead) (?:\w{1,8} ){0,3}(?:miss|care|notice|cry|better|happier)\b|\b(?:miss|care|notice|cry)(?: \w{1,6}){0,2} if i (?:was|were|am|die|died|disappear\w{0,2}|killed)\b",
            r"\b(?:disappear|vanish|sleep|asleep) (?:and )?(?:forever|for good|never wake)|\bnever wake up again",
            r"\bjump(?:ing)? (?:off|from|out of|in front of|under) (?:\w{1,10} ){1,3}(?:bridge|roof|building|window|balcony|train|cliff|floor|bus)|\bjump(?:ing)? (?:off|from|in front of) (?:a|the|this) (?:\w{1,10} )?(?:bridge|roof|building|balcony|train|cliff)",
            r"\b(?:im|am|is|standing|sitting|stand|sit|hes|shes) (?:\w{1,8} )?(?:on|at) (?:the |a )?(?:edge of |ledge|rooftop|roof of|railing|(?:edge of the )?bridge\b)",
            rf"\b(?:pills?|tablets?|rope|gun|razor|blade|noose|knife) (?:is |are )?(?:in my hand|in front of me|ready|next to me|to my)|(?:{_MEANS} to|\b(?:gonna|will|ill|might)|{_THINKS}) (?:\w{{1,6}} )?(?:take|swallow|taking|swallowing) (?:them all|all (?:my|the|of)[\w ]{{0,12}}{_PILLS})",
            r"\bgoodbye (?:everyone|forever|world|cruel)|\b(?:suicide|goodbye) (?:note|letter)|\bthis is (?:my )?(?:goodbye|last message|the end for me)",
            r"\b(?:slit|slitting|cut|cutting) (?:my|her|his|their) (?:wrists?|veins?|throat|arms? (?:again|open))|\b(?:please|just|someone|somebody) kill me\b|\bunalive\b|\b(?:been|started|keep|keeps) cutting(?: again\b|(?=$|[,.;!?]))",
        ),
        signs=patterns(
            rf"\b(?:cut|harmed|cutting|harming|hurting) {_SELF}(?! (?:at|while|when|in|on|off|by|playing|doing|shaving|cooking)\b)"
        ),
        names=patterns(
            r"\bsuicid",
            r"\bself ?harm",
            rf"\bhurt {_SELF}(?! (?:at|while|when|in|on|by|during|badly|playing|skiing|doing|falling|lifting)\b)",
            r"\b(?:going to|gonna|want to|ready to|ill) (?:just )?end it\b|\bend it (?:tonight|now|today|soon)\b",
            r"\btook (?:his|her) own life\b",
        ),
    ),
    Row(
        name="infant_fever",
        stems=stems("baby infant newborn toddler child kid son daughter old"),
        signs=patterns(
            rf"{_BABY}\b[\w ,.]{{0,40}}\b(?:high fever|temperature (?:of|is|at)|burning up|fever of|(?:3[89]|4[0-2])[.,]\d|(?:3[89]|4[0-2]|10[2-6]) ?(?:c\b|f\b|°|degrees))",
            rf"{_BABY}\b (?:\w{{1,6}} ){{0,2}}(?:has|have|got|with|is running) (?:\w{{1,9}} ){{0,2}}(?:fever|temperature)",
            rf"\b(?:fever|temperature)\b[\w ,.]{{0,30}}{_BABY}\b",
        ),
        names=patterns(rf"{_BABY}\b[\w ,]{{0,40}}\bfever"),
    ),
    Row(
        name="seizure",
        stems=stems("seiz convuls fit foaming shaking eyes epileptic"),
        signs=patterns(
            rf"{_HAVE}{_W}{{0,3}}(?:seizures?|convulsions?)\b{_NOT_COVER}|\b(?:having|had|has|in) (?:a|another) fit\b(?! (?:for|with|of))",
            rf"\b(?:is|hes|shes|started|{_PERSON}) (?:\w{{1,6}} )?(?:seizing|convulsing|fitting)\b|\bfoaming at the mouth|\bshaking (?:\w{{1,6}} )?(?:all over|uncontroll|violently)|\beyes (?:\w{{1,5}} )?roll",
            r"\bseizures? (?:\w{1,6} )?(?:wont|doesnt|not|keeps?|isnt) (?:stop|com|end)",
        ),
        names=patterns(rf"\bseizures?\b(?! of\b){_NOT_COVER}", r"\bconvuls", r"\bepileptic fit"),
    ),
    Row(
        name="pregnancy",
        stems=stems("pregnan weeks baby water miscarrying"),
        signs=patterns(
            r"\bpregnan\w{1,5}\b[\w ,.]{0,40}\b(?:bleed\w{0,4}|blood(?! tests?)|severe pain|bad cramps|no movement|not moving|isnt moving|stopped moving|waters? broke)",
            r"\b(?:bleed\w{0,4}|blood(?! tests?)|waters? broke|(?:baby|it) (?:has |is )?(?:stopped|not|isnt) mov\w{1,3})\b[\w ,.]{0,40}(?:pregnan|weeks along)",
            r"\bbaby (?:has )?(?:stopped|isnt|not) (?:kicking|moving)|\bmy waters? (?:just |has |have )?broke|\bmiscarrying\b",
        ),
    ),
    Row(
        name="diabetic_crisis",
        stems=stems("diabet ketoacidosis"),
        signs=patterns(
            r"\bdiabet\w{1,4}\b[\w ,.]{0,50}\b(?:vomiting|confused|fruity breath|drowsy|cant stay awake|very high|ketoacidosis|shaking|not responding|isnt responding)",
        ),
        names=patterns(r"\bketoacidosis\b"),
    ),
    Row(
        name="injury",
        stems=stems(
            "fell fall head stabbed shot electrocuted hit run burn scald boiling hot drown bone trapped crash accident cut chopped sliced amputat"
        ),
        signs=patterns(
            rf"\b(?:hit|banged|injured|smashed|cracked|bumped) {_WHO} head\b[\w ,.]{{0,40}}\b(?:vomit\w{{0,4}}|throwing up|confused|dizzy|drowsy|passed|memory|blurr\w{{0,3}}|sick|bleeding)",
            rf"\b(?:been|was|got|were|hes|shes) (?:\w{{1,8}} )?(?:stabbed|shot|electrocuted)\b|\b{_PERSON} just (?:got |been )?(?:hit by|run over)",
            r"\b(?:badly|severely) (?:burn(?:ed|t)|scalded)\b|\b(?:boiling|hot) (?:water|oil|tea|coffee|soup) (?:\w{1,6} ){0,2}(?:on|over|all over) (?:my|his|her|him|the)\b|\bdrowning\b|\bdrowned\b|\bburn(?:ed|t) (?:\w{1,10} ){0,3}(?:badly|severely|all over)|\bbone (?:is )?(?:sticking|poking) out",
            rf"\b(?:crash|accident)\b[\w ,]{{0,40}}\b(?:trapped|bleeding|unconscious|not moving|isnt moving|cant move|cant get out)|\b(?:im|we are|hes|shes|{_PERSON} is|people are) trapped (?:in|under|inside)\b",
            rf"\b(?:cut|chopped|sliced) off (?:{_WHO} )?(?:finger|hand|toe|foot|arm|leg)",
        ),
        names=patterns(
            r"\b(?:third degree|severe|bad) burns?\b",
            r"\bamputat",
            r"\belectrocuted\b",
            r"\b(?:fell|fallen|falls) (?:off|from|out of) (?:\w{1,10} ){1,3}(?:roof|window|balcony|ladder|building|floor)",
        ),
    ),
    Row(
        name="danger",
        stems=stems("me us her him fire raped attacked"),
        signs=patterns(
            r"\b(?:is|are|hes|shes|keeps|they) (?:\w{1,6} )?(?:beating|hitting|strangling|attacking|choking) (?:me|us|her|him)\b|\b(?:going|wants|threatens|threatening|trying) to kill (?:me|us|her|him)\b",
            r"\b(?:house|flat|apartment|kitchen|building|room|home|clothes|car) (?:is )?on fire\b|\bi (?:was|have been|got) (?:just )?raped|\bbeing attacked\b",
        ),
    ),
    Row(
        name="abdomen",
        stems=stems("stomach abdom belly tummy"),
        signs=patterns(
            rf"{_SEVERE} (?:\w{{1,9}} ){{0,3}}(?:stomach|abdominal|belly|tummy) (?:pain|ache|cramps)|\b(?:stomach|abdomen|belly|tummy)[\w ]{{0,12}}\b(?:excruciating|unbearable|rock hard|rigid)",
        ),
    ),
)
