"""Home: the shop at a glance, what each page answers, and the model in use."""

import streamlit as st

from pages._shared import charts, words
from pages._shared.frame import link_to, open_page
from pages.home import overview

# Pages to go to, the question each answers, and how; no docstring, because Streamlit would print it.
ANSWERS = (
    (
        "Recommendations",
        "What would this shopper be shown now?",
        "Pick a shopper, or describe a new one in words. Move weights, the moment, variety and filters, and see at "
        "once what rises, what falls, and whose words speak for it.",
    ),
    (
        "Tuning",
        "What does a setting do for everyone?",
        "Move a weight and see accuracy, variety and fairness over every test shopper, with how sure each change is, "
        "beside simple models that any setting has to beat.",
    ),
    (
        "Experiments",
        "What is each part worth?",
        "Run the studies behind the claims on this shop: every component alone and in company, against simple models, "
        "and the lifts that the published method claims, with intervals and the commands that make them again.",
    ),
)
frame = open_page("Home")
model = frame.model
info, summary, tone = model.info, model.summary, charts.theme()

st.title("The shop at a glance", anchor=False)
st.html(
    '<p class="sw-lede">Shelfwise read everything these shoppers did and wrote, '
    f"up to {words.day(info.known_until)}, and can say for every product on every list what put it there.</p>"
)
if frame.is_demo:
    st.html(
        '<p class="sw-hint">This is a demo: the shop, its products, shoppers and reviews are made up. '
        "README.md says how to open your own shop.</p>"
    )
st.html(overview.tiles_html(info))

with st.container(key="answers"):
    for page, question, how in ANSWERS:
        left, right = st.columns([2.2, 1], vertical_alignment="center")
        with left:
            st.subheader(question, anchor=False)
            st.html(f'<p class="sw-note">{how}</p>')
        with right, st.container(key=f"go_{page.casefold()}"):
            link_to(page)

wide, narrow = st.columns([1.7, 1], gap="small")
with wide, st.container(key="chart_activity", height="stretch"):
    charts.show_chart(overview.activity(summary.activity, tone), "Events and reviews by month", key="activity")
with narrow, st.container(key="chart_ratings", height="stretch"):
    charts.show_chart(overview.ratings(summary.rating_counts, tone), "Number of reviews by stars", key="ratings")
wide, narrow = st.columns([1.7, 1], gap="small")
with wide, st.container(key="chart_categories", height="stretch"):
    categories = overview.categories(summary.top_categories, tone)
    charts.show_chart(categories, "Categories that shoppers chose most", key="categories")
with narrow, st.container(key="chart_coverage", height="stretch"):
    st.html(overview.coverage_html(summary, info) + overview.shoppers_html(model.users))
with st.container(key="chart_score"):
    st.html(overview.score_html(info))
with st.container(key="model_facts"):
    st.html(overview.model_html(info, model.model_id, frame.shop_name))
